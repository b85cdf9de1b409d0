import type { Figures } from './record';

/** How far each figure of a scan lies from the cohort's usual, in robust deviations. */
export interface Outlier<T> {
  readonly scan: T;
  readonly z: Readonly<Record<FigureName, number>>;
  /** The largest of them without its sign: the scans are looked at in this order. */
  readonly suspicion: number;
  /** The figure that it comes from. */
  readonly by: FigureName;
}

export const figureNames = [
  'lesions',
  'lesionVolumeMm3',
  'largestMm3',
  'brainMm3',
  'threshold',
  'scoreP999',
] as const;
export type FigureName = (typeof figureNames)[number];

/** In words. */
export const figureTitles: Readonly<Record<FigureName, string>> = {
  lesions: 'number of lesions',
  lesionVolumeMm3: 'lesion volume',
  largestMm3: 'largest lesion',
  brainMm3: 'brain volume',
  threshold: 'threshold',
  scoreP999: 'brightest thousandth',
};

/** Counts and volumes are spread over decades: a doubling counts the same everywhere. */
const onLogScale: ReadonlySet<FigureName> = new Set(['lesions', 'lesionVolumeMm3', 'largestMm3', 'brainMm3']);

/** From this suspicion on a scan should be looked at: the usual cut of the modified z-score (Iglewicz & Hoaglin 1993). */
export const SUSPICIOUS = 3.5;

/**
 * Modified z-scores: 0.6745 (x - median) / MAD; where more than half of the values are equal (MAD 0), (x - median) divided
 * by 1.2533 times the mean absolute deviation, and 0 where all are.
 */
export function modifiedZ(values: readonly number[]): number[] {
  const middle = median(values);
  const away = values.map((value) => Math.abs(value - middle));
  const mad = median(away);
  const mean = away.reduce((sum, value) => sum + value, 0) / Math.max(1, away.length);
  const unit = mad > 0 ? mad / 0.6745 : 1.2533 * mean;
  return values.map((value) => (unit > 0 ? (value - middle) / unit : 0));
}

/** The middle value, or the mean of the two in the middle; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1
    ? (sorted[half] as number)
    : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
}

/** All scans of a cohort, the most suspicious first; equals in the order given. */
export function rankBySuspicion<T extends { readonly figures: Figures }>(scans: readonly T[]): Outlier<T>[] {
  const columns = figureNames.map((name) =>
    modifiedZ(scans.map(({ figures }) => (onLogScale.has(name) ? Math.log1p(figures[name]) : figures[name]))),
  );
  return scans
    .map((scan, at) => {
      const z = Object.fromEntries(
        figureNames.map((name, column) => [name, columns[column]?.[at] ?? 0]),
      ) as Record<FigureName, number>;
      const by = figureNames.reduce((most, name) => (Math.abs(z[name]) > Math.abs(z[most]) ? name : most));
      return { scan, z, by, suspicion: Math.abs(z[by]) };
    })
    .sort((a, b) => b.suspicion - a.suspicion);
}
