import {
  ALL_PATIENTS,
  type MeasuredMethod,
  type MeasuredRow,
  type MeasuredSummary,
} from '../../shared/lesions/measured';

/** How measured rows are printed: a line each, under headings. */

const COLUMNS = [
  ['Dice', 'dice', 3],
  ['precis.', 'precision', 3],
  ['sensit.', 'sensitivity', 3],
  ['found', 'lesionSensitivity', 3],
  ['false', 'falseLesions', 1],
  ['mm3', 'volumeMm3', 0],
  ['thresh.', 'threshold', 3],
  ['s', 'seconds', 0],
] as const;
type Figure = (typeof COLUMNS)[number][1];

export const headings = cells(
  'patient',
  'role',
  'method',
  'seed',
  COLUMNS.map(([title]) => title),
);

/** The line of a row. */
export function rowLine(row: MeasuredRow): string {
  return figureLine(row, row.seed === null ? '-' : String(row.seed), (figure) => row[figure]);
}

/** Means and deviations; of one seed only the means over several patients, for the others are the rows again. */
export function summaryLines(summaries: readonly MeasuredSummary[], seeds: number): string[] {
  const wanted = seeds > 1 ? summaries : summaries.filter(({ patient }) => patient === ALL_PATIENTS);
  if (wanted.length === 0) return [];
  const title = seeds > 1 ? `Mean and standard deviation over ${seeds} seeds:` : 'Mean of the patients:';
  const lines = wanted.flatMap(({ mean, spread, seeds: count, ...about }) => [
    figureLine(about, '', (figure) => mean[figure]),
    ...(count > 1 ? [figureLine({ ...blank, method: '  deviation' }, '', (figure) => spread[figure])] : []),
  ]);
  return ['', title, headings, ...lines];
}
const blank = { patient: '', role: '' };

/** What a variation reaches: its name, and the Dice of each patient and of their mean. */
export function ablationLines(
  variations: readonly { readonly name: string; readonly summary: readonly MeasuredSummary[] }[],
  method: MeasuredMethod,
): string[] {
  const of = ({ summary }: (typeof variations)[number]): readonly MeasuredSummary[] =>
    summary.filter((entry) => entry.method === method);
  const first = variations[0];
  if (!first) return [];
  const title = of(first).map(({ patient, role }) => `${patient} (${role})`.padStart(20));
  const lines = variations.map((variation) => {
    const dice = of(variation).map(({ mean, spread, seeds }) =>
      (seeds > 1 ? `${mean.dice.toFixed(3)} +- ${spread.dice.toFixed(3)}` : mean.dice.toFixed(3)).padStart(
        20,
      ),
    );
    return `${variation.name.padEnd(18)}${dice.join('')}`;
  });
  return ['', `Dice of ${method}, left out one at a time:`, `${''.padEnd(18)}${title.join('')}`, ...lines];
}

function figureLine(
  { patient, role, method }: { readonly patient: string; readonly role: string; readonly method: string },
  seed: string,
  value: (figure: Figure) => number,
): string {
  return cells(
    patient,
    role,
    method,
    seed,
    COLUMNS.map(([, figure, digits]) => value(figure).toFixed(digits)),
  );
}

function cells(
  patient: string,
  role: string,
  method: string,
  seed: string,
  figures: readonly string[],
): string {
  const numbers = figures.map((text) => text.padStart(8)).join('');
  return `${patient.padEnd(14)}${role.padEnd(6)}${method.padEnd(23)}${seed.padEnd(6)}${numbers}`;
}
