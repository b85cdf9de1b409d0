/** 5x7 dot letters, a row a number of five bits: just those of the titles. */
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  I: [14, 4, 4, 4, 4, 4, 14],
  _: [0, 0, 0, 0, 0, 0, 31],
  a: [0, 0, 14, 1, 15, 17, 15],
  b: [16, 16, 30, 17, 17, 17, 30],
  c: [0, 0, 14, 16, 16, 17, 14],
  d: [1, 1, 15, 17, 17, 17, 15],
  e: [0, 0, 14, 17, 31, 16, 14],
  f: [6, 8, 28, 8, 8, 8, 8],
  h: [16, 16, 22, 25, 17, 17, 17],
  i: [4, 0, 12, 4, 4, 4, 14],
  k: [16, 16, 18, 20, 24, 20, 18],
  l: [12, 4, 4, 4, 4, 4, 14],
  m: [0, 0, 26, 21, 21, 21, 21],
  n: [0, 0, 22, 25, 17, 17, 17],
  o: [0, 0, 14, 17, 17, 17, 14],
  p: [0, 0, 30, 17, 30, 16, 16],
  r: [0, 0, 22, 25, 16, 16, 16],
  s: [0, 0, 15, 16, 14, 1, 30],
  t: [8, 8, 28, 8, 8, 9, 6],
  u: [0, 0, 17, 17, 17, 19, 13],
  w: [0, 0, 17, 17, 21, 21, 10],
};
const GLYPH_SCALE = 2;

/** Draws a title of dots with its upper left corner at a place. @param set makes one pixel that grey */
export function drawTitle(
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
