import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Option, type Command } from 'commander';
import { ExpectedError } from '../../shared/failure';
import type { Contrast } from '../../shared/imaging/contrasts';
import { preparationSchema, type Preparation } from '../../shared/imaging/preparation';
import { summarise, type MeasuredRow } from '../../shared/lesions/measured';
import { ablations, type Ablation } from '../../shared/study/ablations';
import { settingsFrom } from '../../shared/study/chooseSettings';
import { preparationOf } from '../../shared/study/presetPreparation';
import { presets, type PresetName, type TrainingSettings } from '../../shared/study/trainingSettings';
import type { BackendChoice } from '../engine/backend/backend';
import { measureLesions, type Found } from '../engine/jobs/measure/measure';
import { findPatients } from '../engine/jobs/measure/patient';
import { writeFileAtomic } from '../files/atomicWrite';
import { SOFTWARE } from '../version';
import { lesionPicture } from './lesionPicture';
import { headings, ablationLines, rowLine, summaryLines } from './lesionsTable';
import {
  backendOption,
  parseAssignment,
  parseContrasts,
  parseCount,
  parseNumber,
  say,
  withView,
} from './options';

interface LesionsFlags {
  readonly train: string[];
  readonly test: string[];
  readonly contrasts: Contrast[];
  readonly preset: PresetName;
  readonly seeds: number;
  readonly firstSeed: number;
  readonly set: Record<string, unknown>;
  readonly ablations?: string[] | true;
  readonly healthyMaxMm2: number;
  readonly json?: string;
  readonly keep?: string;
  readonly pictures?: string;
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
    .option(
      '--contrasts <names>',
      'further channels that each folder has: T1, T2 or T1,T2',
      parseContrasts,
      [],
    )
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
    .option(
      '--ablations [names...]',
      `leave parts out, one at a time: all, or some of ${ablations.map(({ name }) => name).join(', ')}`,
    )
    .option('--json <file>', 'write rows and summary as JSON')
    .option('--pictures <dir>', 'draw where the masks are right and where not, to this folder')
    .option(
      '--keep <dir>',
      'keep sets and runs in this folder; what was trained there with the same settings is not trained again',
    )
    .addOption(backendOption())
    .action(lesions);
}

/** A training of the measurement: the preset, or the preset with a part left out. */
interface Variation extends Ablation {
  readonly rows: MeasuredRow[];
}

async function lesions(flags: LesionsFlags, command: Command): Promise<void> {
  const { preset, seeds, json, keep } = flags;
  if (seeds < 1) command.error('error: --seeds must be 1 or more');
  const patients = findPatients(flags.train, flags.test, flags.contrasts);
  const variations = chooseVariations(flags.ablations);
  const plans = variations.map(({ settings }) => planOf(flags, settings));
  const folder = keep ?? (await mkdtemp(join(tmpdir(), 'asc-net-lesions-')));
  const write = async (): Promise<void> => {
    if (json === undefined) return;
    const about = { software: SOFTWARE, preset, contrasts: flags.contrasts, changes: flags.set };
    const [full, ...others] = variations.map(({ name, settings, rows }) => ({
      ...{ name, settings, rows },
      ...(seeds > 1 ? { summary: summarise(rows) } : {}),
    }));
    const measured = { rows: full?.rows ?? [], ...(full?.summary ? { summary: full.summary } : {}) };
    const all = { ...about, healthyMaxMm2: flags.healthyMaxMm2, ...measured };
    await writeFileAtomic(
      json,
      `${JSON.stringify(others.length > 0 ? { ...all, ablations: others } : all, null, 1)}\n`,
    );
  };
  try {
    for (const [at, variation] of variations.entries()) {
      const plan = plans[at] as (typeof plans)[number];
      if (at > 0) say(`\nWithout ${variation.name}: ${JSON.stringify(variation.settings)}`);
      say(headings);
      await withView((view) =>
        measureLesions(
          {
            ...{ patients, ...plan, healthyMaxMm2: flags.healthyMaxMm2, backend: flags.backend },
            folder: at === 0 ? folder : join(folder, variation.name),
            plain: at === 0,
            onRow: (row) => {
              variation.rows.push(row);
              view.end();
              say(rowLine(row));
            },
            ...(flags.pictures === undefined
              ? {}
              : { onSegmented: (found) => draw(found, join(flags.pictures as string, variation.name)) }),
          },
          view,
        ),
      );
      await write();
      for (const text of summaryLines(summarise(variation.rows), seeds)) say(text);
    }
  } catch (error) {
    // What was measured before a failure is not lost.
    if (variations.some(({ rows }) => rows.length > 0)) await write();
    throw error;
  } finally {
    if (keep === undefined) await rm(folder, { recursive: true, force: true });
  }
  if (variations.length === 1) return;
  const summaries = variations.map(({ name, rows }) => ({ name, summary: summarise(rows) }));
  for (const method of ['asc-net', 'asc-net-oracle'] as const)
    for (const text of ablationLines(summaries, method)) say(text);
}

/** Draws what a training made of a patient. */
async function draw({ patient, method, seed, result, truth }: Found, folder: string): Promise<void> {
  const picture = lesionPicture(result, truth);
  const name = `${basename(patient.name)}_${patient.role}_${method}_seed${seed}.png`;
  if (picture) await writeFileAtomic(join(folder, name), picture);
}

/** The preset as it is, and without each part that was asked for. @throws ExpectedError settings-invalid */
function chooseVariations(wanted: readonly string[] | true | undefined): Variation[] {
  const full = { name: 'full', settings: {} };
  const names = wanted === true ? ablations.map(({ name }) => name) : (wanted ?? []);
  const chosen = names.map((name) => {
    const found = ablations.find((ablation) => ablation.name === name);
    if (found) return found;
    throw new ExpectedError(
      'settings-invalid',
      `"${name}" is no part that can be left out; there are ${ablations.map((one) => one.name).join(', ')}.`,
    );
  });
  return [full, ...chosen].map((ablation) => ({ ...ablation, rows: [] }));
}

/** How the sets of a variation are prepared, and its trainings, one for each seed. */
function planOf(
  { preset, contrasts, set, seeds, firstSeed }: LesionsFlags,
  settings: Ablation['settings'],
): { preparation: Preparation; trainings: TrainingSettings[] } {
  const { preparation, changes } = apart({ ...set, ...settings }, { ...preparationOf(preset), contrasts });
  const trainings = Array.from({ length: seeds }, (_, k) =>
    settingsFrom(preset, { ...changes, seed: firstSeed + k }),
  );
  return { preparation, trainings };
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
