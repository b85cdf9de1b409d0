import { PNG } from 'pngjs';
import type { PreparedVolume } from '../../shared/imaging/preparation';
import {
  preparationPictures,
  type GreyPicture,
  type PreparationPictures,
} from '../../shared/imaging/preparationPictures';
import { drawTitle } from './dotLetters';

/** Side of the square that each picture is drawn into, as large as fits. */
const TILE_PX = 240;
const HEADER_PX = 24;
const GAP_PX = 4;
/** Slices shown: a quarter, half and three quarters of the way through the brain. */
const SHARES = [0.25, 0.5, 0.75];
const KEPT_COLOUR = [255, 176, 0] as const;
const BRAIN_COLOUR = [64, 200, 255] as const;
const TITLES = ['scan', 'brain', 'resampled', 'slice', 'network'];

type Rgb = readonly [number, number, number];
type Paint = (x: number, y: number, colour: Rgb) => void;

/**
 * The preparation of a volume as one figure, a row for each of three slices: the scan's own voxels with the frame of what
 * the slice keeps, the brain mask on them, the plane resampled, the slice cropped and padded, what the network gets.
 * @returns a PNG file's bytes
 */
export function preparationPicture(prepared: PreparedVolume): Uint8Array {
  const { brainSlices } = prepared;
  const all = brainSlices.length > 0 ? brainSlices : [Math.floor(prepared.grid.count / 2)];
  const rows = SHARES.map((share) => all[Math.floor(share * all.length)] as number);
  const png = new PNG({
    width: TITLES.length * (TILE_PX + GAP_PX) - GAP_PX,
    height: HEADER_PX + rows.length * (TILE_PX + GAP_PX) - GAP_PX,
  });
  for (let i = 0; i < png.data.length; i += 4) png.data.set([40, 40, 44, 255], i);
  const paint: Paint = (x, y, colour) => {
    if (x < 0 || y < 0 || x >= png.width || y >= png.height) return;
    png.data.set(colour, (y * png.width + x) * 4);
  };
  TITLES.forEach((title, column) =>
    drawTitle(title, column * (TILE_PX + GAP_PX) + 4, 4, (x, y, grey) => paint(x, y, [grey, grey, grey])),
  );
  const pictures = preparationPictures(prepared);
  rows.forEach((slice, row) => {
    const steps = pictures(slice);
    const top = HEADER_PX + row * (TILE_PX + GAP_PX);
    [steps.canonical, steps.canonical, steps.resampled, steps.cropped, steps.normalised].forEach(
      (picture, column) => {
        const tile = placed(picture, column * (TILE_PX + GAP_PX), top);
        drawGrey(tile, column === 1 ? steps.brain : null, paint);
        if (column === 0) drawKept(tile, steps.kept, paint);
      },
    );
  });
  return PNG.sync.write(png);
}

interface Tile {
  readonly picture: GreyPicture;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** As large as it fits, in the middle of its square. */
function placed(picture: GreyPicture, left: number, top: number): Tile {
  const tall = picture.height * picture.pixelAspect;
  const factor = TILE_PX / Math.max(picture.width, tall);
  const [width, height] = [Math.round(picture.width * factor), Math.round(tall * factor)];
  return {
    picture,
    width,
    height,
    left: left + Math.floor((TILE_PX - width) / 2),
    top: top + Math.floor((TILE_PX - height) / 2),
  };
}

function drawGrey({ picture, left, top, width, height }: Tile, mask: Uint8Array | null, paint: Paint): void {
  for (let y = 0; y < height; y += 1) {
    const row = Math.min(picture.height - 1, Math.floor(((y + 0.5) * picture.height) / height));
    for (let x = 0; x < width; x += 1) {
      const column = Math.min(picture.width - 1, Math.floor(((x + 0.5) * picture.width) / width));
      const at = row * picture.width + column;
      const grey = picture.pixels[at] as number;
      const [r, g, b] = mask?.[at] ? BRAIN_COLOUR.map((value) => Math.round(0.65 * grey + 0.35 * value)) : [];
      paint(left + x, top + y, [r ?? grey, g ?? grey, b ?? grey]);
    }
  }
}

/** The frame of what is kept, cut to the tile where it reaches beyond the scan. */
function drawKept(
  { picture, left, top, width, height }: Tile,
  kept: PreparationPictures['kept'],
  paint: Paint,
): void {
  const x = (column: number): number =>
    left + Math.max(0, Math.min(width - 1, Math.round((column * width) / picture.width)));
  const y = (row: number): number =>
    top + Math.max(0, Math.min(height - 1, Math.round((row * height) / picture.height)));
  for (let at = x(kept.left); at <= x(kept.right); at += 1) {
    paint(at, y(kept.top), KEPT_COLOUR);
    paint(at, y(kept.bottom), KEPT_COLOUR);
  }
  for (let at = y(kept.top); at <= y(kept.bottom); at += 1) {
    paint(x(kept.left), at, KEPT_COLOUR);
    paint(x(kept.right), at, KEPT_COLOUR);
  }
}
