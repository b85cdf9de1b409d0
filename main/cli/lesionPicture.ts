import { PNG } from 'pngjs';
import { volumeToSlices } from '../../shared/geometry/sliceGrid';
import type { NetworkSegmentation } from '../engine/jobs/segmentVolume';
import { drawTitle } from './dotLetters';

const HEADER_PX = 20;
const GAP_PX = 4;
const MARGIN_PX = 3;
const TITLES = ['scan', 'I_ro', 'mask'] as const;

/** What a pixel is of mask and truth: both, truth alone, mask alone. */
const COLOURS = { agreed: [70, 200, 90], missed: [230, 60, 60], wrong: [250, 200, 40] } as const;
type Rgb = readonly [number, number, number];

/**
 * Where a mask is right and where it is not, as one figure: the slices with most lesion that was found, most that was missed
 * and most that is none, each with the scan, I_ro, and mask and truth on the scan: green where they agree, red where the mask
 * misses, yellow where it is wrong.
 * @returns a PNG file's bytes; null where neither mask nor truth holds anything
 */
export function lesionPicture(
  { prepared, mask, slices: { iro } }: Pick<NetworkSegmentation, 'prepared' | 'mask' | 'slices'>,
  truth: Uint8Array,
): Uint8Array | null {
  const { grid, slices: scan } = prepared;
  const { height, width, count } = grid;
  const size = height * width;
  const onGrid = (of: Uint8Array): Float32Array =>
    volumeToSlices(grid, Float32Array.from(of), { method: 'nearest' });
  const [found, wanted] = [onGrid(mask), onGrid(truth)];
  const kindAt = (i: number): keyof typeof COLOURS | null =>
    found[i] === 0 ? (wanted[i] === 0 ? null : 'missed') : wanted[i] === 0 ? 'wrong' : 'agreed';
  const areas = {
    agreed: new Uint32Array(count),
    missed: new Uint32Array(count),
    wrong: new Uint32Array(count),
  };
  for (let i = 0; i < found.length; i += 1) {
    const kind = kindAt(i);
    if (kind) (areas[kind][Math.floor(i / size)] as number) += 1;
  }
  const rows = [...new Set(Object.values(areas).flatMap((area) => fullest(area)))];
  if (rows.length === 0) return null;
  const box = brainBox(scan, rows, height, width);
  const [columns, lines] = [box.right - box.left + 1, box.bottom - box.top + 1];
  const png = new PNG({
    width: TITLES.length * (columns + GAP_PX) - GAP_PX,
    height: HEADER_PX + rows.length * (lines + GAP_PX) - GAP_PX,
  });
  for (let i = 0; i < png.data.length; i += 4) png.data.set([0, 0, 0, 255], i);
  const paint = (x: number, y: number, colour: Rgb): void => {
    png.data.set(colour, (y * png.width + x) * 4);
  };
  TITLES.forEach((title, c) =>
    drawTitle(title, c * (columns + GAP_PX) + 2, 2, (x, y, grey) => paint(x, y, [grey, grey, grey])),
  );
  rows.forEach((slice, r) => {
    for (let y = 0; y < lines; y += 1) {
      for (let x = 0; x < columns; x += 1) {
        const i = slice * size + (box.top + y) * width + box.left + x;
        const grey = greyOf(scan[i] as number);
        const kind = kindAt(i);
        const shown: Rgb[] = [grey, greyOf(iro[i] as number), kind ? COLOURS[kind] : grey];
        shown.forEach((colour, c) =>
          paint(c * (columns + GAP_PX) + x, HEADER_PX + r * (lines + GAP_PX) + y, colour),
        );
      }
    }
  });
  return PNG.sync.write(png, { colorType: 2 });
}

function greyOf(value: number): Rgb {
  const grey = Math.round(255 * Math.min(1, Math.max(0, value)));
  return [grey, grey, grey];
}

/** The slice with the most, if any has something. */
function fullest(areas: Uint32Array): number[] {
  const best = areas.indexOf(areas.reduce((most, area) => Math.max(most, area), 0));
  return (areas[best] ?? 0) > 0 ? [best] : [];
}

/** The box around what some slices show, with a margin. */
function brainBox(
  scan: Float32Array,
  rows: readonly number[],
  height: number,
  width: number,
): { left: number; right: number; top: number; bottom: number } {
  let [left, right, top, bottom] = [width - 1, 0, height - 1, 0];
  for (const slice of rows) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        if (scan[(slice * height + y) * width + x] === 0) continue;
        [left, right] = [Math.min(left, x), Math.max(right, x)];
        [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
      }
    }
  }
  return {
    left: Math.max(0, left - MARGIN_PX),
    right: Math.min(width - 1, right + MARGIN_PX),
    top: Math.max(0, top - MARGIN_PX),
    bottom: Math.min(height - 1, bottom + MARGIN_PX),
  };
}
