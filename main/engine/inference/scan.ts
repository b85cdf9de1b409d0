import { PREDICTION_BATCH, type PredictedSlices } from './predict';

type Output = 'ifc' | 'iwc' | 'iro';

/** The images of a scan. */
export interface ScanImages {
  readonly count: number;
  /** Pixels of a slice. */
  readonly size: number;
  /** The images of these slices in a row, with all their channels. */
  readonly images: (slices: readonly number[]) => Float32Array;
}

/** What a network made of all slices of a scan, each [count, height, width]. */
export type PredictedScan<Wanted extends Output> = Readonly<Record<Wanted, Float32Array>> &
  Pick<PredictedSlices, 'spread'>;

/**
 * Takes a scan apart, a few slices at a time. Above and below the brain the images are empty, a fifth of a usual scan: what the
 * network makes of one of them stands for all.
 * @param wanted which of the network's outputs
 * @param isRandom whether the network makes something else of the same image each time
 * @param pause called after every few slices with the share that is done
 */
export async function predictScan<Wanted extends Output>(
  predict: (images: Float32Array) => PredictedSlices,
  { count, size, images }: ScanImages,
  wanted: readonly Wanted[],
  isRandom: boolean,
  pause: (done: number) => Promise<void>,
): Promise<PredictedScan<Wanted>> {
  const all = Array.from({ length: count }, (_, k) => k);
  const empty = isRandom ? [] : all.filter((k) => isEmpty(images([k])));
  const [stands, ...others] = empty;
  const left = new Set(others);
  const slices = all.filter((k) => !left.has(k));
  const out = Object.fromEntries(wanted.map((name) => [name, new Float32Array(count * size)])) as Record<
    Wanted,
    Float32Array
  >;
  let spread: Float32Array | null = null;
  for (let first = 0; first < slices.length; first += PREDICTION_BATCH) {
    const taken = slices.slice(first, first + PREDICTION_BATCH);
    const part = predict(images(taken));
    if (part.spread) spread ??= new Float32Array(count * size);
    taken.forEach((k, i) => {
      const own = (values: Float32Array): Float32Array => values.subarray(i * size, (i + 1) * size);
      for (const name of wanted) out[name].set(own(part[name]), k * size);
      if (part.spread) spread?.set(own(part.spread), k * size);
    });
    await pause((first + taken.length) / slices.length);
  }
  if (stands !== undefined) {
    for (const values of [...Object.values<Float32Array>(out), ...(spread ? [spread] : [])])
      for (const k of others) values.copyWithin(k * size, stands * size, (stands + 1) * size);
  }
  return { ...out, spread };
}

function isEmpty(image: Float32Array): boolean {
  for (let i = 0; i < image.length; i += 1) if (image[i] !== 0) return false;
  return true;
}
