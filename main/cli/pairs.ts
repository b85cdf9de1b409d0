import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ExpectedError } from '../../shared/failure';
import type { Change } from '../../shared/lesions/change';
import { stemOf } from '../files/outputs';
import { compareBatch, comparePair, countChanges } from '../engine/jobs/batch/pairs';
import { say, warn } from './options';

/** The command pairs: what changed between two times. */
export function addPairs(program: Command): void {
  program
    .command('pairs')
    .description(
      'new, gone, grown and shrunk lesions between the sessions of each subject of a batch, or of two masks',
    )
    .argument('[output_dir]', 'folder that batch or bids wrote')
    .option('--before <mask>', 'a mask')
    .option('--after <mask>', 'a later mask of the same person, on the same grid')
    .option('--out <dir>', 'where to write what two masks give')
    .option('--resample', 'take the later mask over to the grid of the first, by the nearest voxel')
    .action(
      async (
        outDir: string | undefined,
        flags: { before?: string; after?: string; out?: string; resample?: boolean },
        command: Command,
      ) => {
        const { before, after, out } = flags;
        const resample = flags.resample === true;
        if (outDir !== undefined && before === undefined && after === undefined) {
          const outcomes = await compareBatch(resolve(outDir), resample, (outcome) => {
            if ('counts' in outcome) say(`${outcome.pair.name}: ${sentence(outcome.counts)}`);
            else warn(`${outcome.pair.name}: ${outcome.failure.message}`);
          });
          const failed = outcomes.filter((outcome) => 'failure' in outcome).length;
          say(`pairs/pairs.tsv has all ${outcomes.length} pairs.`);
          if (failed > 0)
            throw new ExpectedError(
              'shape-mismatch',
              `${failed} of ${outcomes.length} pairs could not be compared.`,
            );
          return;
        }
        if (outDir !== undefined || before === undefined || after === undefined || out === undefined) {
          command.error("error: give either a batch's folder, or --before, --after and --out");
          return;
        }
        const changes = await comparePair({ name: stemOf(after), before, after }, out, resample);
        say(sentence(countChanges(changes)));
      },
    );
}

function sentence(counts: Readonly<Record<Change, number>>): string {
  return `${counts.new} new, ${counts.gone} gone, ${counts.grown} grown, ${counts.shrunk} shrunk, ${counts.stable} stable`;
}
