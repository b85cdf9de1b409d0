import { stemOf } from './exportNames';

/**
 * The scan that a mask belongs to, by their names: the one whose name without its format stands in the mask's, the longest
 * where several do. Null where none does.
 * @returns place in `scans`
 */
export function scanOfMask(mask: string, scans: readonly string[]): number | null {
  const name = stemOf(mask).toLowerCase();
  let best: number | null = null;
  let longest = 0;
  scans.forEach((scan, i) => {
    const stem = stemOf(scan).toLowerCase();
    if (stem.length <= longest || !name.includes(stem)) return;
    best = i;
    longest = stem.length;
  });
  return best;
}
