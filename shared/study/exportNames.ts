import { sidecarName } from '../volume/maskSidecar';

/** What can stand in a pattern of names. */
export interface NameFacts {
  /** File name of the scan, with its format. */
  readonly scan: string;
  readonly study: string;
  /** ISO 8601. */
  readonly date: string;
}

export const defaultPattern = '{scan}';
export const patternWords = ['{scan}', '{study}', '{date}'] as const;

/** A file's name without its format. */
export function stemOf(name: string): string {
  return name.replace(/\.(nii\.gz|nii|hdr|img|npy|gz)$/i, '');
}

/**
 * The beginnings of the names of what is exported, one for each scan, e.g. "patient01_flair" for "{scan}". What no file
 * system may have in a name becomes "_"; a name that an earlier scan has gets a number.
 */
export function exportStems(pattern: string, scans: readonly NameFacts[]): string[] {
  const taken = new Set<string>();
  return scans.map(({ scan, study, date }) => {
    const filled = pattern
      .replaceAll('{scan}', stemOf(scan))
      .replaceAll('{study}', study)
      .replaceAll('{date}', date.slice(0, 10));
    // eslint-disable-next-line no-control-regex
    const safe = filled.replace(/[<>:"/\\|?*\u0000-\u001f]/g, '_').replace(/^[.\s]+|[.\s]+$/g, '') || 'scan';
    let stem = safe.slice(0, 120);
    for (let number = 2; taken.has(stem.toLowerCase()); number += 1) stem = `${safe.slice(0, 115)}_${number}`;
    taken.add(stem.toLowerCase());
    return stem;
  });
}

export type ExportPart = 'mask' | 'iro' | 'lesions' | 'lesionsJson' | 'report' | 'pdf';

/** The files of a part: beside a mask lies the JSON that says where it comes from. */
export function exportFiles(stem: string, part: ExportPart): string[] {
  const name = exportName(stem, part);
  return part === 'mask' ? [name, sidecarName(name)] : [name];
}

/** The file of a part. */
export function exportName(stem: string, part: ExportPart): string {
  const ends: Readonly<Record<ExportPart, string>> = {
    mask: '_mask.nii.gz',
    iro: '_iro.nii.gz',
    lesions: '_lesions.csv',
    lesionsJson: '_lesions.json',
    report: '_report.html',
    pdf: '_report.pdf',
  };
  return stem + ends[part];
}
