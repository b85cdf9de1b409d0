import { PNG } from 'pngjs';
import { drawTitle } from './dotLetters';

/** One row of the figure: the images of a slice, each height x width. */
export interface MontageColumn {
  readonly title: string;
  /** [count, height, width]; shown min-max normalised over the whole array, as the published figure is. */
  readonly slices: Float32Array | Uint8Array;
}

const HEADER_PX = 24;
const GAP_PX = 2;

/** The published figure: a row for each chosen slice, a column for each image. @returns a PNG file's bytes */
export function montage(
  columns: readonly MontageColumn[],
  rows: readonly number[],
  height: number,
  width: number,
): Uint8Array {
  const png = new PNG({
    width: columns.length * (width + GAP_PX) - GAP_PX,
    height: HEADER_PX + rows.length * (height + GAP_PX),
  });
  png.data.fill(0);
  for (let i = 3; i < png.data.length; i += 4) png.data[i] = 255;
  const set = (x: number, y: number, grey: number): void => {
    png.data.fill(grey, (y * png.width + x) * 4, (y * png.width + x) * 4 + 3);
  };
  columns.forEach((column, c) => {
    const left = c * (width + GAP_PX);
    drawTitle(column.title, left + 4, 4, set);
    let low = Infinity;
    let high = -Infinity;
    for (const value of column.slices) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    const scale = 255 / Math.max(high - low, 1e-12);
    rows.forEach((slice, r) => {
      const top = HEADER_PX + r * (height + GAP_PX);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const value = column.slices[(slice * height + y) * width + x] as number;
          set(left + x, top + y, Math.round((value - low) * scale));
        }
      }
    });
  });
  return PNG.sync.write(png);
}
