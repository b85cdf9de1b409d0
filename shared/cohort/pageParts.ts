import { escaped } from '../study/html';

/** The look of a batch's pages: light, and legible in print. */
export const pageStyle = `body{font:14px/1.5 system-ui,sans-serif;color:#1b1e21;max-width:72rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0 0 .3rem}h2{font-size:1.1rem;margin:1.6rem 0 .4rem}
table{border-collapse:collapse}th,td{padding:.25rem .7rem;text-align:left;border-bottom:1px solid #ddd;vertical-align:top}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
.quiet{color:#56606a}.warning{background:#fff4d6;border-left:4px solid #c98a00;padding:.4rem .7rem;margin:.4rem 0}
.failed{background:#fdecea;border-left:4px solid #b3261e;padding:.4rem .7rem;margin:.4rem 0}
figure{margin:0}figcaption{color:#56606a}.montage img{width:100%;background:#000}
.charts{display:flex;flex-wrap:wrap;gap:2rem}.thumbnail img{width:8rem;background:#000;display:block}
.key{display:inline-block;width:.7rem;height:.7rem;border:1px solid #888;margin-left:.8rem}
.suspicious{font-weight:600;color:#8c1d18}svg text{font:11px system-ui,sans-serif;fill:#56606a}`;

/** Size of a histogram in pixels, without its labels. */
const WIDTH = 420;
const HEIGHT = 120;

export interface Bars {
  readonly title: string;
  readonly low: number;
  readonly high: number;
  readonly counts: readonly number[];
  /** A level to mark, e.g. the threshold. */
  readonly mark?: { readonly at: number; readonly name: string };
  /** Heights as logarithms: a few thousandths beside the rest can then be seen. */
  readonly logarithmic?: boolean;
  /** How a value on the axis is written. */
  readonly format?: (value: number) => string;
}

/** A histogram as an inline SVG in a figure. */
export function histogramFigure(bars: Bars): string {
  const { counts, low, high, title, mark, format = shortNumber } = bars;
  const heights = counts.map((count) => (bars.logarithmic ? Math.log1p(count) : count));
  const most = Math.max(...heights, 1e-9);
  const step = WIDTH / Math.max(1, counts.length);
  const rects = heights.map((height, at) =>
    height === 0
      ? ''
      : `<rect x="${(at * step).toFixed(2)}" y="${(HEIGHT * (1 - height / most)).toFixed(2)}" width="${(step * 0.92).toFixed(2)}" height="${((HEIGHT * height) / most).toFixed(2)}" fill="#4a78b0"/>`,
  );
  const markX = mark ? (WIDTH * (mark.at - low)) / (high - low || 1) : 0;
  const marked =
    mark && markX >= 0 && markX <= WIDTH
      ? `<line x1="${markX.toFixed(1)}" x2="${markX.toFixed(1)}" y1="0" y2="${HEIGHT}" stroke="#b3261e" stroke-width="1.5"/><text x="${(markX + 4).toFixed(1)}" y="11">${escaped(mark.name)}</text>`
      : '';
  return `<figure><svg viewBox="-4 -4 ${WIDTH + 8} ${HEIGHT + 24}" width="${WIDTH}" role="img" aria-label="${escaped(title)}">${rects.join('')}<line x1="0" x2="${WIDTH}" y1="${HEIGHT}" y2="${HEIGHT}" stroke="#888"/>${marked}<text x="0" y="${HEIGHT + 16}">${escaped(format(low))}</text><text x="${WIDTH}" y="${HEIGHT + 16}" text-anchor="end">${escaped(format(high))}</text></svg><figcaption>${escaped(title)}</figcaption></figure>`;
}

/** Up to three digits that mean something, without an exponent. */
export function shortNumber(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  return size >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
