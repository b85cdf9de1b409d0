/** How well lesions of real scans with expert masks were found: rows, and what several seeds say together. */

export const measuredMethods = [
  'asc-net',
  'asc-net-adapted',
  'asc-net-oracle',
  'flair-z1.5',
  'flair-smoothed',
  'flair-smoothed-own',
  'flair-smoothed-oracle',
] as const;
export type MeasuredMethod = (typeof measuredMethods)[number];

/** One mask of one patient against the expert's. Shares are 0 to 1, over the voxels of the whole volume. */
export interface MeasuredRow {
  readonly patient: string;
  /** Whether the training has seen slices of this patient. */
  readonly role: 'train' | 'test';
  readonly method: MeasuredMethod;
  readonly dice: number;
  readonly precision: number;
  readonly sensitivity: number;
  /** Share of the expert's lesions that the mask touches. */
  readonly lesionSensitivity: number;
  /** Lesions of the mask that touch none of the expert's. */
  readonly falseLesions: number;
  readonly volumeMm3: number;
  /** Of I_ro, or in robust deviations for the plain thresholds. */
  readonly threshold: number;
  /** What it took to get there: training and segmenting for the network. */
  readonly seconds: number;
  /** Of the training; null where there was none. */
  readonly seed: number | null;
}

/** The figures of a row that are averaged. */
const figures = [
  'dice',
  'precision',
  'sensitivity',
  'lesionSensitivity',
  'falseLesions',
  'volumeMm3',
  'threshold',
  'seconds',
] as const;
export type Figures = Record<(typeof figures)[number], number>;

export interface MeasuredSummary extends Pick<MeasuredRow, 'patient' | 'role' | 'method'> {
  readonly seeds: number;
  readonly mean: Figures;
  /** Standard deviation over the seeds, with n - 1; 0 for one seed. */
  readonly spread: Figures;
}

/** The name under which a summary gives the mean of all patients of a role. */
export const ALL_PATIENTS = 'mean';

/**
 * Mean and spread over the seeds for each patient and method, in the order in which they come; then the same of the means
 * over all patients of a role, where it has more than one.
 */
export function summarise(rows: readonly MeasuredRow[]): MeasuredSummary[] {
  return [...byKey(rows), ...byKey(patientMeans(rows))];
}

function byKey(rows: readonly MeasuredRow[]): MeasuredSummary[] {
  return groupsOf(rows, ({ patient, role, method }) => [patient, role, method]).map((group) => {
    const { patient, role, method } = group[0] as MeasuredRow;
    const mean = figuresOf((figure) => meanOf(group.map((row) => row[figure])));
    const spread = figuresOf((figure) => deviation(group.map((row) => row[figure])));
    return { patient, role, method, seeds: group.length, mean, spread };
  });
}

/** A row for each role, method and seed: the mean of its patients. */
function patientMeans(rows: readonly MeasuredRow[]): MeasuredRow[] {
  return groupsOf(rows, ({ role, method, seed }) => [role, method, seed])
    .filter((group) => group.length > 1)
    .map((group) => ({
      ...(group[0] as MeasuredRow),
      ...figuresOf((figure) => meanOf(group.map((row) => row[figure]))),
      patient: ALL_PATIENTS,
    }));
}

/** Rows of the same key together, in the order in which the keys come. */
function groupsOf(
  rows: readonly MeasuredRow[],
  keyOf: (row: MeasuredRow) => readonly unknown[],
): MeasuredRow[][] {
  const groups = new Map<string, MeasuredRow[]>();
  for (const row of rows) {
    const key = JSON.stringify(keyOf(row));
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}

function figuresOf(value: (figure: keyof Figures) => number): Figures {
  return Object.fromEntries(figures.map((figure) => [figure, value(figure)])) as Figures;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
