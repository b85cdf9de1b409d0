import { strToU8, zipSync } from 'fflate';
import type { Settings } from '../shared/ipc/contract';

/** A text that a report of a problem is made of. */
export interface ReportFile {
  readonly name: string;
  readonly text: string;
}

/** What the report says about the program and the machine, by name. */
export type MachineFacts = Readonly<Record<string, string>>;

/** The texts of a report, as its reader sees them before they are saved. None names a person, a scan or a folder. */
export function collectReport(
  facts: MachineFacts,
  settings: Settings,
  logs: readonly ReportFile[],
): ReportFile[] {
  // Who reads the scans is nobody's business.
  const { reviewer, ...others } = settings;
  const shown = { ...others, reviewer: reviewer === '' ? '' : '<name>' };
  return [
    {
      name: 'versions.txt',
      text: Object.entries(facts)
        .map(([name, value]) => `${name}: ${value}\n`)
        .join(''),
    },
    { name: 'settings.json', text: `${JSON.stringify(shown, null, 2)}\n` },
    ...logs,
  ];
}

/** The report as one file. */
export function zipReport(files: readonly ReportFile[]): Uint8Array {
  return zipSync(Object.fromEntries(files.map(({ name, text }) => [name, strToU8(text)])));
}
