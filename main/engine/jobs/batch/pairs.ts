import { basename, join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import type { DoneRecord } from '../../../../shared/cohort/record';
import { ExpectedError, toFailure, type Failure } from '../../../../shared/failure';
import { applyAffine } from '../../../../shared/geometry/affine';
import {
  lesionChanges,
  overlayCodes,
  type Change,
  type LesionChanges,
} from '../../../../shared/lesions/change';
import { trueValues, niftiBytes } from '../../../../shared/volume/nifti';
import { writeOutputs } from '../../../files/outputs';
import { readMaskOf } from '../../../files/readMask';
import { readVolumeFile } from '../../../files/readVolume';
import { SOFTWARE } from '../../../version';
import { below } from './items';
import { readRecords } from './records';

/** Two masks of one person at two times. */
export interface Pair {
  /** Begins the names of what is written. */
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

export type PairOutcome =
  | { readonly pair: Pair; readonly counts: Readonly<Record<Change, number>> }
  | { readonly pair: Pair; readonly failure: Failure };

/** Each scan of a batch with the next one of the same subject, in the order of their sessions' labels. */
export async function pairsOfBatch(outDir: string): Promise<Pair[]> {
  const bySubject = new Map<string, DoneRecord[]>();
  for (const record of await readRecords(outDir)) {
    if (record.state !== 'done' || record.session === null) continue;
    bySubject.set(record.subject, [...(bySubject.get(record.subject) ?? []), record]);
  }
  const order = new Intl.Collator('en', { numeric: true });
  const pairs = [...bySubject.values()].flatMap((records) => {
    const sorted = [...records].sort((a, b) => order.compare(a.session ?? '', b.session ?? ''));
    return sorted.slice(1).flatMap((after, at): Pair[] => {
      const before = sorted[at] as DoneRecord;
      if (before.session === after.session) return [];
      const name = `${before.id}_to_ses-${after.session}`;
      return [{ name, before: below(outDir, before.mask), after: below(outDir, after.mask) }];
    });
  });
  if (pairs.length > 0) return pairs;
  throw new ExpectedError(
    'empty-set',
    'No subject of this batch has two sessions: name them in the BIDS data set (ses-...) or in the list (column "session").',
  );
}

/**
 * What changed between two masks, as a table and as an overlay on the grid of the first.
 * @param resample take the second mask over to the grid of the first, by the nearest voxel
 * @throws ExpectedError shape-mismatch where the grids differ, and what reading and writing throw
 */
export async function comparePair(pair: Pair, outDir: string, resample: boolean): Promise<LesionChanges> {
  const first = await readVolumeFile(pair.before);
  const before = Uint8Array.from(trueValues(first).values, (value) => (value > 0.5 ? 1 : 0));
  const after = await readMaskOf(pair.after, first, basename(pair.before), resample);
  const changes = lesionChanges(before, after, first.dims, first.zooms);
  const rows = changes.lesions.map(({ id, change, beforeMm3, afterMm3, centreVox }) => [
    ...[id, change, Number(beforeMm3.toFixed(2)), Number(afterMm3.toFixed(2))],
    ...applyAffine(first.affine, centreVox).map((mm) => Number(mm.toFixed(2))),
  ]);
  const header = ['lesion', 'change', 'before_mm3', 'after_mm3', 'x_mm', 'y_mm', 'z_mm'];
  const about = {
    Before: basename(pair.before),
    After: basename(pair.after),
    Overlay: overlayCodes,
    GeneratedBy: SOFTWARE,
  };
  await writeOutputs(
    outDir,
    [
      [
        `${pair.name}_changes.nii.gz`,
        niftiBytes({
          dims: first.dims,
          data: changes.overlay,
          like: first,
          description: `${SOFTWARE} lesion changes`,
        }),
      ],
      [`${pair.name}_changes.tsv`, stringify([header, ...rows], { delimiter: '\t' })],
      [`${pair.name}_changes.json`, `${JSON.stringify(about, null, 1)}\n`],
    ],
    true,
  );
  return changes;
}

/** All pairs of a batch, into OUT/pairs, with a table of all: pairs.tsv. What fails does not stop the rest. */
export async function compareBatch(
  outDir: string,
  resample: boolean,
  onOutcome: (outcome: PairOutcome) => void,
): Promise<PairOutcome[]> {
  const folder = join(outDir, 'pairs');
  const outcomes: PairOutcome[] = [];
  for (const pair of await pairsOfBatch(outDir)) {
    const outcome = await comparePair(pair, folder, resample).then(
      (changes): PairOutcome => ({ pair, counts: countChanges(changes) }),
      (error: unknown): PairOutcome => ({ pair, failure: toFailure(error) }),
    );
    outcomes.push(outcome);
    onOutcome(outcome);
  }
  const kinds = Object.keys(overlayCodes) as Change[];
  const rows = outcomes.map((outcome) => [
    outcome.pair.name,
    ...kinds.map((kind) => ('counts' in outcome ? outcome.counts[kind] : 'n/a')),
    'failure' in outcome ? outcome.failure.message : '',
  ]);
  const table = stringify([['pair', ...kinds, 'failure'], ...rows], { delimiter: '\t' });
  await writeOutputs(folder, [['pairs.tsv', table]], true);
  return outcomes;
}

export function countChanges({ lesions }: LesionChanges): Record<Change, number> {
  const counts = { stable: 0, new: 0, gone: 0, grown: 0, shrunk: 0 };
  for (const { change } of lesions) counts[change] += 1;
  return counts;
}
