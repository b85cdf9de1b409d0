import { PNG } from 'pngjs';
import { volumeToSlices } from '../../../../shared/geometry/sliceGrid';
import { DIFFERENCE_COLOURS } from '../../../../shared/lesions/difference';
import { spread } from '../../training/iroCounts';
import type { Segmentation } from '../segmentation';

const COLUMNS = 6;
const MOST_SLICES = 18;
/** The thumbnail has every second pixel. */
const THUMBNAIL_STEP = 2;

export interface Pictures {
  /** PNG: slices over the whole brain with the mask on them. */
  readonly montage: Buffer;
  /** PNG: the same slices with mask and plain threshold on them, each in its own colour; null for the baseline itself. */
  readonly difference: Buffer | null;
  /** PNG: the slice with most lesion in it, else the middle one of the brain. */
  readonly thumbnail: Buffer;
}

/** What a reader looks at to judge a mask without opening the scan. */
export function pictures(result: Segmentation): Pictures {
  const { grid, slices, brainSlices } = result.prepared;
  const onSlices = (set: Uint8Array): Float32Array =>
    volumeToSlices(grid, new Float32Array(set), { method: 'nearest' });
  const mask = onSlices(result.mask);
  const plain = result.baseline && onSlices(result.baseline.mask);
  const size = grid.height * grid.width;
  const seen = brainSlices.length > 0 ? brainSlices : Array.from({ length: grid.count }, (_, k) => k);
  const areas = seen.map((k) => {
    let area = 0;
    for (let i = k * size; i < (k + 1) * size; i += 1) area += mask[i] as number;
    return area;
  });
  const fullest = areas.reduce(
    (best, area, at) => (area > (areas[best] as number) ? at : best),
    seen.length >> 1,
  );
  const chosen = spread(seen.length, MOST_SLICES).map((at) => seen[at] as number);
  type Tint = (at: number) => readonly [number, number, number] | null;
  const red: Tint = (at) => ((mask[at] as number) > 0.5 ? [255, 0, 0] : null);
  const paint = (png: PNG, k: number, left: number, top: number, step: number, tint: Tint): void => {
    for (let y = 0; y < grid.height; y += step) {
      for (let x = 0; x < grid.width; x += step) {
        const at = k * size + y * grid.width + x;
        const grey = Math.round(255 * Math.min(1, Math.max(0, slices[at] as number)));
        const colour = tint(at);
        const to = ((top + y / step) * png.width + left + x / step) * 4;
        for (const c of [0, 1, 2] as const)
          png.data[to + c] = colour ? (colour[c] * 5 + grey * 3) >> 3 : grey;
        png.data[to + 3] = 255;
      }
    }
  };
  const rows = Math.ceil(chosen.length / COLUMNS);
  const together = (tint: Tint): PNG => {
    const png = black(Math.min(COLUMNS, chosen.length) * grid.width, rows * grid.height);
    chosen.forEach((k, at) =>
      paint(png, k, (at % COLUMNS) * grid.width, Math.floor(at / COLUMNS) * grid.height, 1, tint),
    );
    return png;
  };
  const compared: Tint | null =
    plain &&
    ((at) => {
      const [network, threshold] = [(mask[at] as number) > 0.5, (plain[at] as number) > 0.5];
      if (network && threshold) return DIFFERENCE_COLOURS.both;
      return network ? DIFFERENCE_COLOURS.network : threshold ? DIFFERENCE_COLOURS.baseline : null;
    });
  const thumbnail = black(Math.ceil(grid.width / THUMBNAIL_STEP), Math.ceil(grid.height / THUMBNAIL_STEP));
  paint(thumbnail, seen[fullest] as number, 0, 0, THUMBNAIL_STEP, red);
  return {
    montage: bytesOf(together(red)),
    difference: compared && bytesOf(together(compared)),
    thumbnail: bytesOf(thumbnail),
  };
}

function black(width: number, height: number): PNG {
  const png = new PNG({ width, height });
  png.data.fill(0);
  for (let i = 3; i < png.data.length; i += 4) png.data[i] = 255;
  return png;
}

const bytesOf = (png: PNG): Buffer => PNG.sync.write(png, { colorType: 2, deflateLevel: 6 });
