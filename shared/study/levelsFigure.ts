import type { HeadExtent, LevelCover } from '../imaging/headLevels';
import { escaped } from './html';

const [WIDTH, HEIGHT] = [420, 22] as const;

/** The levels of a head from bottom to top as an inline SVG in a figure: those without healthy slices stand out. */
export function levelsFigure({ head, uncovered, share }: LevelCover & { readonly head: HeadExtent }): string {
  const { first, last } = head;
  const step = WIDTH / Math.max(1, last - first + 1);
  const gaps = uncovered.map(
    ([from, to]) =>
      `<rect x="${((from - first) * step).toFixed(1)}" y="0" width="${((to - from + 1) * step).toFixed(1)}" height="${HEIGHT}" fill="#c98a00"/>`,
  );
  const words =
    uncovered.length === 0
      ? 'A healthy slice was trained on near every level of this head.'
      : `Amber: levels without a healthy slice in the training, ${Math.round(share * 100)} % of this head.`;
  return `<figure><svg viewBox="0 -2 ${WIDTH} ${HEIGHT + 20}" width="${WIDTH}" role="img" aria-label="${escaped(words)}"><rect x="0" y="0" width="${WIDTH}" height="${HEIGHT}" fill="#2a8f83"/>${gaps.join('')}<text x="0" y="${HEIGHT + 15}">bottom, slice ${first + 1}</text><text x="${WIDTH}" y="${HEIGHT + 15}" text-anchor="end">top, slice ${last + 1}</text></svg><figcaption>${escaped(words)}</figcaption></figure>`;
}
