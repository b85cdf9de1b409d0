import { resolve } from 'node:path';
import { Argument, InvalidArgumentError, type Command } from 'commander';
import { ensureDerivatives } from '../engine/jobs/batch/bidsDataset';
import { bidsItems } from '../engine/jobs/batch/bidsItems';
import { groupFiles, writeGroup } from '../engine/jobs/batch/group';
import type { BatchItem } from '../engine/jobs/batch/items';
import { addManyFlags, batchSettings, endOf, runMany, type ManyFlags } from './batch';
import { say } from './options';

/** Which scans of a BIDS data set are meant. */
export interface BidsFlags extends ManyFlags {
  readonly participantLabel?: string[];
  readonly sessionLabel?: string[];
  readonly suffix: string;
  readonly entity: ReadonlyMap<string, string>;
}

/** Adds the options of {@link BidsFlags} beyond those of every batch. */
export function addBidsFlags(command: Command): Command {
  return command
    .option('--participant-label <label...>', 'only these participants, with or without "sub-"')
    .option('--session-label <label...>', 'only these sessions, with or without "ses-"')
    .option('--suffix <suffix>', 'which scans', 'FLAIR')
    .option(
      '--entity <key-value>',
      'only scans with it, e.g. acq-3d; may be repeated',
      parseEntity,
      new Map(),
    );
}

/** The scans that are meant. @throws ExpectedError as finding them does */
export function bidsScans(bidsDir: string, flags: BidsFlags): Promise<BatchItem[]> {
  return bidsItems(
    bidsDir,
    {
      participants: flags.participantLabel,
      sessions: flags.sessionLabel,
      suffix: flags.suffix,
      entities: flags.entity,
    },
    flags.model === undefined ? 'robustz' : 'iro',
  );
}

/** The interface of BIDS Apps. */
export function addBids(program: Command): void {
  const command = program
    .command('bids')
    .description('a BIDS App: BIDS data set to BIDS derivatives; "participant" segments, "group" sums up')
    .argument('<bids_dir>', 'BIDS data set')
    .argument('<output_dir>', 'data set of derivatives, made where it is missing')
    .addArgument(new Argument('<level>', 'level of the analysis').choices(['participant', 'group']));
  addBidsFlags(addManyFlags(command)).action(
    async (bidsDir: string, outDir: string, level: string, flags: BidsFlags, command: Command) => {
      if (level === 'group') {
        await ensureDerivatives(bidsDir, outDir);
        const group = await writeGroup(resolve(outDir));
        const done = group.records.filter(({ state }) => state === 'done').length;
        say(
          `${groupFiles.page}: ${done} of ${group.records.length} scans; ${group.suspicious} should be looked at.`,
        );
        return;
      }
      const settings = batchSettings(flags, command);
      const items = await bidsScans(bidsDir, flags);
      await ensureDerivatives(bidsDir, outDir);
      endOf(await runMany(items, settings, outDir, flags));
    },
  );
}

function parseEntity(text: string, before: ReadonlyMap<string, string>): Map<string, string> {
  const [, key, value] = /^([a-z]+)-([A-Za-z0-9+]+)$/.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new InvalidArgumentError('It must be KEY-VALUE.');
  return new Map([...before, [key, value]]);
}
