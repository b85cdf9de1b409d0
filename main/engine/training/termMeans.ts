import type { TermSums } from './state';

export const noTerms: TermSums = { count: 0, sums: {} };

/** The sums with one step's terms added. */
export function addTerms(before: TermSums, terms: object): TermSums {
  const sums = { ...before.sums };
  for (const [name, value] of Object.entries(terms) as [string, number][]) {
    sums[name] = (sums[name] ?? 0) + value;
  }
  return { count: before.count + 1, sums };
}

/** Means by name; null where no step was taken. */
export function meanTerms({ count, sums }: TermSums): Record<string, number> | null {
  if (count === 0) return null;
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / count]));
}
