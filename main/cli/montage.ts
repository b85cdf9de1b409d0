import { PNG } from 'pngjs';

/** One row of the figure: the images of a slice, each height x width. */
export interface MontageColumn {
  readonly title: string;
  /** [count, height, width]; shown min-max normalised over the whole array, as the published figure is. */
  readonly slices: Float32Array | Uint8Array;
}

/** 5x7 dot letters, a row a number of five bits: just those of the column titles. */
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  I: [14, 4, 4, 4, 4, 4, 14],
  _: [0, 0, 0, 0, 0, 0, 31],
  a: [0, 0, 14, 1, 15, 17, 15],
  c: [0, 0, 14, 16, 16, 17, 14],
  f: [6, 8, 28, 8, 8, 8, 8],
  h: [16, 16, 22, 25, 17, 17, 17],
  i: [4, 0, 12, 4, 4, 4, 14],
  k: [16, 16, 18, 20, 24, 20, 18],
  m: [0, 0, 26, 21, 21, 21, 21],
  n: [0, 0, 22, 25, 17, 17, 17],
  o: [0, 0, 14, 17, 17, 17, 14],
  r: [0, 0, 22, 25, 16, 16, 16],
  s: [0, 0, 15, 16, 14, 1, 30],
  t: [8, 8, 28, 8, 8, 9, 6],
  u: [0, 0, 17, 17, 17, 19, 13],
  w: [0, 0, 17, 17, 21, 21, 10],
};
const GLYPH_SCALE = 2;
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

function drawTitle(
  title: string,
  left: number,
  top: number,
  set: (x: number, y: number, grey: number) => void,
): void {
  [...title].forEach((letter, at) => {
    (GLYPHS[letter] ?? []).forEach((bits, row) => {
      for (let column = 0; column < 5; column++) {
        if (((bits >> (4 - column)) & 1) === 0) continue;
        for (let dot = 0; dot < GLYPH_SCALE ** 2; dot++) {
          const x = left + (at * 6 + column) * GLYPH_SCALE + (dot % GLYPH_SCALE);
          set(x, top + row * GLYPH_SCALE + Math.floor(dot / GLYPH_SCALE), 230);
        }
      }
    });
  });
}
