import { basename, join } from 'node:path';
import { ExpectedError } from '../../../shared/failure';
import { npyHeaderBytes } from '../../../shared/volume/npy';
import { writeFilesAtomic } from '../../files/atomicWrite';
import { changesSentence, openSet } from '../../files/sliceSets';
import { breatheOrStop, ProgressReporter, type JobContext } from './context';
import type { LoadedModel } from './model';

/** Slices that are read, taken apart and written at a time. */
const SLICES_AT_ONCE = 16;
const OUTPUTS = ['ifc', 'iwc', 'iro'] as const;

/**
 * Takes a set of slices apart and writes `ifc.npy`, `iwc.npy` and `iro.npy`, float32, in the shape of the set: [n, h, w],
 * or [n, h, w, 1] where it says its channels. Memory does not grow with the set; the files appear together or not at all.
 * @param pad pads slices whose sides are no multiple of 16, and takes the margins off again
 * @throws ExpectedError shape-mismatch for a model of another size, cancelled, file-unwritable, and what openSet throws
 */
export async function predictSet(
  input: string,
  model: Pick<LoadedModel, 'predict' | 'shape' | 'design'>,
  outDir: string,
  pad: boolean,
  context: JobContext,
): Promise<void> {
  const progress = new ProgressReporter(context);
  const set = await openSet(input, {
    pad,
    channels: model.design.inputChannels,
    onProgress: () => breatheOrStop(context),
  });
  try {
    const { height, width } = model.shape;
    if (set.height !== height || set.width !== width) {
      throw new ExpectedError(
        'shape-mismatch',
        `${basename(input)} has slices of ${set.height}x${set.width}; this model takes ${height}x${width}.`,
      );
    }
    const changes = changesSentence(set.facts);
    if (changes) context.emit({ type: 'warning', message: changes });
    const sides = set.facts.paddedFrom ?? [height, width];
    const header = npyHeaderBytes([set.count, ...sides, ...(set.isFlat ? [] : [1])], 'float32');
    const paths = OUTPUTS.map((name) => join(outDir, `${name}.npy`));
    await writeFilesAtomic(paths, async (appends) => {
      for (const append of appends) await append(header);
      for (let first = 0; first < set.count; first += SLICES_AT_ONCE) {
        progress.report('predict', first / set.count, `slice ${first + 1} of ${set.count}`);
        await breatheOrStop(context);
        const taken = Math.min(SLICES_AT_ONCE, set.count - first);
        const made = model.predict(set.read(Array.from({ length: taken }, (_, i) => first + i)));
        for (const [i, name] of OUTPUTS.entries()) {
          const { buffer, byteOffset, byteLength } = set.unpadded(made[name]);
          await appends[i]?.(new Uint8Array(buffer, byteOffset, byteLength));
        }
      }
    });
    progress.report('write', 1, 'the cuts are written');
  } finally {
    set.close();
  }
}
