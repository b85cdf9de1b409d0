import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { ExpectedError } from '../../shared/failure';
import { preparationSchema, type Preparation } from '../../shared/imaging/preparation';
import {
  ALL_PATIENTS,
  summarise,
  type MeasuredRow,
  type MeasuredSummary,
} from '../../shared/lesions/measured';
import { settingsFrom } from '../../shared/study/chooseSettings';
import { preparationOf } from '../../shared/study/presetPreparation';
import { presets, type PresetName } from '../../shared/study/trainingSettings';
import type { BackendChoice } from '../engine/backend/backend';
import { measureLesions } from '../engine/jobs/measure/measure';
import { findPatients } from '../engine/jobs/measure/patient';
import { writeFileAtomic } from '../files/atomicWrite';
import { SOFTWARE } from '../version';
import { backendOption, parseAssignment, parseCount, parseNumber, say, withView } from './options';

interface LesionsFlags {
  readonly train: string[];
  readonly test: string[];
  readonly preset: PresetName;
  readonly seeds: number;
  readonly firstSeed: number;
  readonly set: Record<string, unknown>;
  readonly healthyMaxMm2: number;
  readonly json?: string;
  readonly keep?: string;
  readonly backend: BackendChoice;
}

/** Areas below this are what a reader overlooks in a slice; the slices of a light load would else be too few. */
const HEALTHY_MAX_MM2 = 10;

/** The command lesions. */
export function addLesions(program: Command): void {
  program
    .command('lesions')
    .description("train on real scans, segment them and others, and hold the masks against an expert's")
    .requiredOption('--train <dir...>', 'folders with FLAIR.nii.gz and lesions.nii.gz to train on')
    .option('--test <dir...>', 'folders that the training does not see', [])
    .addOption(
      new Option('--preset <name>', 'settings of the training')
        .choices(Object.keys(presets))
        .default('ms-flair' satisfies PresetName),
    )
    .option('--seeds <n>', 'so many trainings, each with a seed of its own', parseCount, 1)
    .option('--first-seed <n>', 'the first of the seeds', parseCount, 1)
    .option(
      '--set <name=value>',
      'any other setting of the training or of the preparation, by its name in run.json; may be repeated',
      parseAssignment,
      {},
    )
    .option(
      '--healthy-max-mm2 <area>',
      'most lesion that a healthy slice may have',
      parseNumber,
      HEALTHY_MAX_MM2,
    )
    .option('--json <file>', 'write rows and summary as JSON')
    .option('--keep <dir>', 'keep the sets and the runs in this folder')
    .addOption(backendOption())
    .action(lesions);
}

async function lesions(flags: LesionsFlags, command: Command): Promise<void> {
  const { preset, seeds, firstSeed, healthyMaxMm2, backend, keep } = flags;
  if (seeds < 1) command.error('error: --seeds must be 1 or more');
  const patients = findPatients(flags.train, flags.test);
  const { preparation, changes } = apart(flags.set, preparationOf(preset));
  const trainings = Array.from({ length: seeds }, (_, k) =>
    settingsFrom(preset, { ...changes, seed: firstSeed + k }),
  );
  const folder = keep ?? (await mkdtemp(join(tmpdir(), 'asc-net-lesions-')));
  const rows: MeasuredRow[] = [];
  const write = async (): Promise<void> => {
    if (flags.json === undefined) return;
    const about = { software: SOFTWARE, preset, changes: flags.set, healthyMaxMm2, preparation };
    const summary = seeds > 1 ? { summary: summarise(rows) } : {};
    await writeFileAtomic(flags.json, `${JSON.stringify({ ...about, rows, ...summary }, null, 1)}\n`);
  };
  try {
    say(HEADINGS);
    await withView((view) =>
      measureLesions(
        {
          ...{ patients, trainings, preparation, healthyMaxMm2, folder, backend },
          onRow: (row) => {
            rows.push(row);
            view.end();
            say(line(row, row.seed === null ? '-' : String(row.seed), (figure) => row[figure]));
          },
        },
        view,
      ),
    );
  } finally {
    // What was measured before a failure is not lost.
    if (rows.length > 0) await write();
    if (keep === undefined) await rm(folder, { recursive: true, force: true });
  }
  sayMeans(summarise(rows), seeds);
}

/** The given settings: those of the preparation put into it, and the others. */
function apart(
  given: Readonly<Record<string, unknown>>,
  before: Preparation,
): { preparation: Preparation; changes: Record<string, unknown> } {
  const isOfPreparation = (name: string): boolean => name in preparationSchema.shape;
  const entries = Object.entries(given);
  const own = Object.fromEntries(entries.filter(([name]) => isOfPreparation(name)));
  const preparation = preparationSchema.safeParse({ ...before, ...own });
  if (!preparation.success) {
    const issue = preparation.error.issues[0];
    throw new ExpectedError(
      'settings-invalid',
      `The setting ${issue?.path.join('.') ?? ''} of the preparation is not valid: ${issue?.message ?? ''}.`,
    );
  }
  return {
    preparation: preparation.data,
    changes: Object.fromEntries(entries.filter(([name]) => !isOfPreparation(name))),
  };
}

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

const HEADINGS = `${'patient'.padEnd(14)}${'role'.padEnd(6)}${'method'.padEnd(23)}${'seed'.padEnd(6)}${COLUMNS.map(([title]) => title.padStart(8)).join('')}`;

function line(
  { patient, role, method }: { readonly patient: string; readonly role: string; readonly method: string },
  seed: string,
  value: (figure: Figure) => number,
): string {
  const numbers = COLUMNS.map(([, figure, digits]) => value(figure).toFixed(digits).padStart(8));
  return `${patient.padEnd(14)}${role.padEnd(6)}${method.padEnd(23)}${seed.padEnd(6)}${numbers.join('')}`;
}

function sayMeans(summaries: readonly MeasuredSummary[], seeds: number): void {
  const wanted = seeds > 1 ? summaries : summaries.filter(({ patient }) => patient === ALL_PATIENTS);
  if (wanted.length === 0) return;
  say('');
  say(seeds > 1 ? `Mean and standard deviation over ${seeds} seeds:` : 'Mean of the patients:');
  say(HEADINGS);
  for (const { mean, spread, ...summary } of wanted) {
    say(line(summary, '', (figure) => mean[figure]));
    if (summary.seeds > 1)
      say(line({ patient: '', role: '', method: '  deviation' }, '', (figure) => spread[figure]));
  }
}
