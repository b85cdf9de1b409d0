import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { ExpectedError } from '../../shared/failure';
import type { BackendChoice } from '../engine/backend/backend';
import { folderItems } from '../engine/jobs/batch/folderItems';
import { writeGroup, groupFiles } from '../engine/jobs/batch/group';
import type { BatchItem } from '../engine/jobs/batch/items';
import { listItems } from '../engine/jobs/batch/listItems';
import { runBatch, type BatchTotals, type Outcome } from '../engine/jobs/batch/runBatch';
import type { BatchSettings } from '../engine/jobs/batch/settings';
import {
  addMaskFlags,
  addVolumeFlags,
  backendOption,
  parseCount,
  rulesOf,
  say,
  volumeOptions,
  warn,
  withView,
  type MaskFlags,
  type VolumeFlags,
} from './options';
import { duration } from './progress';

/** What every command that works on many scans takes. */
export interface ManyFlags extends VolumeFlags, MaskFlags {
  readonly model?: string;
  readonly baseline?: string;
  readonly backend: BackendChoice;
  readonly lanes?: number;
  readonly overwrite?: boolean;
}

/** Adds the options of {@link ManyFlags} to a command. */
export function addManyFlags(command: Command): Command {
  return addMaskFlags(
    addVolumeFlags(command)
      .option('--model <model>', 'folder of a run, or a generator .h5')
      .addOption(new Option('--baseline <name>', 'leave the network out').choices(['intensity']))
      .option(
        '--lanes <n>',
        'scans in memory at a time (default: 3 with a network, else one for each CPU)',
        parseCount,
      )
      .option('--overwrite', 'replace results that no record of this batch speaks of')
      .addOption(backendOption()),
  );
}

/** @throws commander's error where neither or both of a model and the baseline were given */
export function batchSettings(flags: ManyFlags, command: Command): BatchSettings {
  if ((flags.model === undefined) === (flags.baseline === undefined))
    command.error('error: give either --model MODEL or --baseline intensity');
  if (flags.brainMask.length > 0)
    command.error('error: the brain masks of many scans stand in the column "brain" of a list (--list)');
  const volume = Object.entries(volumeOptions(flags)).filter(([, value]) => value !== undefined);
  return {
    model: flags.model === undefined ? null : resolve(flags.model),
    threshold: flags.threshold ?? flags.thresholdBy ?? null,
    rules: rulesOf(flags),
    samples: flags.samples,
    backend: flags.backend,
    volume: Object.fromEntries(volume) as BatchSettings['volume'],
  };
}

export function addBatch(program: Command): void {
  const command = program
    .command('batch')
    .description('many volumes: masks, tables, a report for each and one for all; goes on where it ended')
    .argument('[folder]', 'folder of volumes, with its subfolders')
    .option('--list <file>', 'CSV or TSV with a column "path"; also id, subject, session, brain')
    .requiredOption('--out <dir>', 'where to write');
  addManyFlags(command).action(
    async (
      folder: string | undefined,
      flags: ManyFlags & { list?: string; out: string },
      command: Command,
    ) => {
      if ((folder === undefined) === (flags.list === undefined))
        command.error('error: give either a folder or --list FILE');
      const settings = batchSettings(flags, command);
      const items =
        folder === undefined ? await listItems(flags.list as string) : await folderItems(folder, flags.out);
      const totals = await runMany(items, settings, flags.out, flags);
      const group = await writeGroup(resolve(flags.out));
      say(`The report is ${groupFiles.page} in ${flags.out}; ${group.suspicious} scans should be looked at.`);
      endOf(totals);
    },
  );
}

/** Runs a batch, a line for each scan. */
export async function runMany(
  items: readonly BatchItem[],
  settings: BatchSettings,
  outDir: string,
  flags: { readonly lanes?: number; readonly overwrite?: boolean },
): Promise<BatchTotals> {
  let ended = 0;
  const totals = await withView((view) =>
    runBatch(items, {
      outDir: resolve(outDir),
      settings,
      lanes: Math.max(1, flags.lanes ?? (settings.model === null ? availableParallelism() : 3)),
      overwrite: flags.overwrite === true,
      shouldStop: () => view.shouldStop(),
      onOutcome: (outcome) => {
        ended += 1;
        const line = `[${ended}/${items.length}] ${sentence(outcome)}`;
        if (outcome.kind === 'failed') warn(line);
        else say(line);
      },
    }),
  );
  const count = (kind: Outcome['kind']): number =>
    totals.outcomes.filter((outcome) => outcome.kind === kind).length;
  say(
    `${count('done')} done, ${count('kept')} done before, ${count('taken')} taken by another worker, ${count('failed')} failed, in ${duration(totals.wallMs)}.`,
  );
  if (totals.networkMs > 0)
    say(`The network was at work ${Math.round((100 * totals.networkMs) / totals.wallMs)} % of the time.`);
  return totals;
}

function sentence(outcome: Outcome): string {
  const { id } = outcome.item;
  switch (outcome.kind) {
    case 'done': {
      const { lesions, lesionVolumeMm3 } = outcome.record.figures;
      return `${id}: ${lesions} lesions, ${Math.round(lesionVolumeMm3)} mm3`;
    }
    case 'kept':
      return `${id}: done before`;
    case 'taken':
      return `${id}: another worker has it`;
    case 'failed':
      return `${id}: ${outcome.failure.message}`;
  }
}

/** Ends a command with 1 where not every scan was done. @throws ExpectedError */
export function endOf({ outcomes, stopped }: BatchTotals): void {
  const failed = outcomes.filter(({ kind }) => kind === 'failed');
  if (failed.length > 0) {
    throw new ExpectedError(
      'internal',
      `${failed.length} of ${outcomes.length} scans failed (${failed
        .slice(0, 5)
        .map(({ item }) => item.id)
        .join(
          ', ',
        )}${failed.length > 5 ? ', ...' : ''}); the others are done. Run the same command again to try them once more.`,
    );
  }
  if (stopped) throw new ExpectedError('cancelled', 'Stopped; run the same command again to go on.');
}
