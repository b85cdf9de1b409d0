import { histogram } from '../../../shared/imaging/histogram';
import { pasteLesions } from '../../../shared/lesions/pastedLesions';
import { createRandom } from '../../../shared/random';
import type { TrainingSettings } from '../../../shared/study/trainingSettings';
import type { PredictedSlices } from '../inference/predict';
import { IRO_BINS, spread } from './iroCounts';
import { heldBack, type ImageScale } from './pretext';
import { slicesOf, type SliceSource } from './sliceSource';

/** Counts of I_ro in equal bins over [0, 1], where lesions were pasted and in the brain around them. */
export interface PastedCounts {
  readonly lesion: number[];
  readonly tissue: number[];
}

/** Images that are looked at; each has several lesions. */
const IMAGES = 40;
/** A whole slice has room for more lesions than a piece of it. */
const LESIONS_TIMES = 3;

/**
 * What I_ro makes of lesions that were pasted into reference slices which the training held back: from it follows the
 * threshold at which a mask agrees best with what was pasted. The same for the same run.
 * @param breathe awaited between images
 */
export async function pastedCounts(
  predict: (images: Float32Array) => PredictedSlices,
  reference: SliceSource,
  scale: ImageScale,
  { pastedLesions, seed }: Pick<TrainingSettings, 'pastedLesions' | 'seed'>,
  breathe: () => Promise<void>,
): Promise<PastedCounts> {
  const lesion = new Float64Array(IRO_BINS);
  const tissue = new Float64Array(IRO_BINS);
  const { height, width, channels } = reference;
  const random = createRandom(seed);
  const held = heldBack(reference.count);
  const add = (to: Float64Array, counts: Float64Array): void =>
    counts.forEach((count, bin) => (to[bin] = (to[bin] as number) + count));
  for (const k of spread(held.length, IMAGES)) {
    const values = reference.read([held[k] as number]);
    const settings = { ...(pastedLesions as NonNullable<typeof pastedLesions>) };
    settings.most *= LESIONS_TIMES;
    const pasted = pasteLesions({ values, height, width, ...scale }, settings, random);
    const { iro } = predict(pasted.values);
    const slice = slicesOf(pasted.values, channels);
    const around = pasted.mask.map((is, i) => (is === 0 && (slice[i] as number) > 0 ? 1 : 0));
    add(lesion, histogram(iro, pasted.mask, IRO_BINS, 0, 1));
    add(tissue, histogram(iro, around, IRO_BINS, 0, 1));
    await breathe();
  }
  return { lesion: [...lesion], tissue: [...tissue] };
}
