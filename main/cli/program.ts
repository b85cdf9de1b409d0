import { basename, join } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ExpectedError, toFailure } from '../../shared/failure';
import { agreement } from '../../shared/lesions/agreement';
import { trueValues } from '../../shared/volume/nifti';
import { npyBytes } from '../../shared/volume/npy';
import { writeFileAtomic } from '../files/atomicWrite';
import { openNpySlices } from '../files/npySlices';
import { readVolumeFile } from '../files/readVolume';
import type { BackendChoice } from '../engine/backend/backend';
import { checkSameGrid, prepareSets, type SetScan } from '../engine/jobs/prepareSets';
import {
  loadModel,
  namesFor,
  segmentByIntensity,
  segmentVolume,
  writeSegmentation,
} from '../engine/jobs/segmentVolume';
import { settingsFrom, trainRun } from '../engine/jobs/trainRun';
import { VERSION } from '../version';
import { demo } from './demo';
import { doctor } from './doctor';
import { ProgressView } from './progress';

/** 0 done, 1 failed, 2 wrong usage. */
const EXIT = { done: 0, failed: 1, usage: 2 } as const;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Runs one command. @param argv as process.argv @returns the exit code */
export async function runCli(argv: readonly string[]): Promise<number> {
  const program = buildProgram();
  try {
    await program.parseAsync([...argv]);
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed what was wrong; asking for help or the version is no mistake.
      return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    }
    const failure = toFailure(error);
    process.stderr.write(`asc-net: ${failure.message}\n`);
    if (program.opts<{ verbose?: boolean }>().verbose && failure.detail)
      process.stderr.write(`${failure.detail}\n`);
    return EXIT.failed;
  }
}

function buildProgram(): Command {
  const program = new Command('asc-net')
    .description(
      'Finds MS lesions in brain MRI without labels (ASC-Net). For research; not a medical device.',
    )
    .version(VERSION)
    .option('--verbose', 'say more when something fails')
    .exitOverride()
    .showHelpAfterError('(see asc-net --help)');

  const backend = (): Option =>
    new Option('--backend <name>', 'where to compute').choices(['auto', 'native', 'wasm']).default('auto');
  const threshold = (): Option =>
    new Option('--threshold <t>', 'threshold; found by itself unless given').argParser(parseNumber);

  program
    .command('demo')
    .description('train and segment a real scan with implanted lesions, end to end')
    .option('--out <dir>', 'where to write', 'demo-output')
    .option('--seed <n>', 'seed of the implanted lesions and the training', parseCount, 1)
    .addOption(backend())
    .action(async (options: { out: string; seed: number; backend: BackendChoice }) => {
      await withView((view) => demo(options.out, options.seed, options.backend, view, say));
    });

  program
    .command('prepare')
    .description('volumes to the published .npy sets and index.json')
    .requiredOption(
      '--reference <volume...>',
      'healthy volumes; VOLUME#12-40,55 takes only these slices (from 0)',
    )
    .requiredOption('--input <volume...>', 'volumes to examine; slices may be chosen in the same way')
    .option('--truth <mask...>', 'lesion masks of the inputs, in their order; only ever used to score', [])
    .requiredOption('--out <dir>', 'where to write')
    .action(async (options: { reference: string[]; input: string[]; truth: string[]; out: string }) => {
      const index = await withView((view) =>
        prepareSets(
          options.reference.map(parseScan),
          options.input.map(parseScan),
          options.truth,
          options.out,
          view,
        ),
      );
      say(
        `${index.reference.length} reference and ${index.input.length} input slices of ${index.height}x${index.width} in ${options.out}`,
      );
    });

  program
    .command('train')
    .description('train on prepared sets')
    .requiredOption('--data <dir>', 'folder that prepare wrote')
    .requiredOption('--out <run>', 'folder of the run')
    .addOption(
      new Option('--preset <name>', 'settings to start from')
        .choices(['quick', 'published'])
        .default('quick'),
    )
    .option('--width <n>', 'channels of the first level', parseCount)
    .option('--cycles <n>', 'most cycles', parseCount)
    .addOption(new Option('--stage <n>', 'stage of the published training').choices(['1', '2']))
    .addOption(backend())
    .option('--seed <n>', 'seed of every random number', parseCount)
    .action(
      async (options: {
        data: string;
        out: string;
        preset: 'quick' | 'published';
        width?: number;
        cycles?: number;
        stage?: string;
        backend: BackendChoice;
        seed?: number;
      }) => {
        const settings = settingsFrom(options.preset, {
          ...(options.width === undefined ? {} : { baseWidth: options.width }),
          ...(options.cycles === undefined ? {} : { maxCycles: options.cycles }),
          ...(options.stage === undefined ? {} : { stage: options.stage }),
          ...(options.seed === undefined ? {} : { seed: options.seed }),
        });
        const result = await withView((view) =>
          trainRun(options.data, options.out, settings, options.backend, view),
        );
        say(
          `${result.cycles} cycles in ${Math.round(result.durationMs / 1000)} s on ${result.device.label}; the run is in ${result.run}`,
        );
      },
    );

  program
    .command('predict')
    .description('slices to the two cuts and the reconstruction: ifc.npy, iwc.npy, iro.npy')
    .requiredOption('--model <run>', 'folder of a run')
    .requiredOption('--input <file>', '.npy of slices in [0, 1]')
    .requiredOption('--out <dir>', 'where to write')
    .addOption(backend())
    .action(async (options: { model: string; input: string; out: string; backend: BackendChoice }) => {
      await predictSet(options.model, options.input, options.out, options.backend);
      say(`ifc.npy, iwc.npy and iro.npy are in ${options.out}`);
    });

  program
    .command('segment')
    .description('volumes to lesion masks, I_ro maps, tables and reports')
    .argument('<volume...>', 'NIfTI or .npy volumes')
    .option('--model <run>', 'folder of a run')
    .addOption(new Option('--baseline <name>', 'leave the network out').choices(['intensity']))
    .requiredOption('--out <dir>', 'where to write')
    .option('--volume <n>', 'which volume of a 4D file, from 0', parseCount)
    .addOption(threshold())
    .addOption(backend())
    .action(
      async (
        volumes: string[],
        options: {
          model?: string;
          baseline?: string;
          out: string;
          volume?: number;
          threshold?: number;
          backend: BackendChoice;
        },
        command: Command,
      ) => {
        if ((options.model === undefined) === (options.baseline === undefined)) {
          command.error('error: give either --model RUN or --baseline intensity');
        }
        await segmentAll(volumes, options);
      },
    );

  program
    .command('evaluate')
    .description('agreement of a mask with the truth, voxel by voxel and lesion by lesion')
    .requiredOption('--prediction <mask>', 'mask to judge')
    .requiredOption('--truth <mask>', 'mask to judge it by')
    .option('--json', 'print JSON')
    .action(async (options: { prediction: string; truth: string; json?: boolean }) => {
      await evaluate(options.prediction, options.truth, options.json === true);
    });

  program
    .command('doctor')
    .description('versions, backends and devices found, what is missing and how to get it')
    .action(() => doctor(say));

  return program;
}

async function withView<T>(work: (view: ProgressView) => Promise<T>): Promise<T> {
  const view = new ProgressView();
  try {
    return await work(view);
  } finally {
    view.end();
  }
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

function parseCount(text: string): number {
  const value = parseNumber(text);
  if (!Number.isInteger(value) || value < 0)
    throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  return value;
}

/** "scan.nii.gz#12-40,55" names slices 12 to 40 and 55; without "#", every slice that holds brain. */
export function parseScan(text: string): SetScan {
  const match = /^(.*)#([\d,\s-]+)$/.exec(text);
  if (!match) return { path: text, slices: null };
  const slices = (match[2] as string).split(',').flatMap((part) => {
    const range = /^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/.exec(part);
    if (!range) {
      throw new ExpectedError(
        'settings-invalid',
        `"${part}" in ${basename(text)} is no slice number or range; write for example #12-40,55.`,
      );
    }
    const first = Number(range[1]);
    const last = range[2] === undefined ? first : Number(range[2]);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  });
  return { path: match[1] as string, slices };
}

async function predictSet(
  modelPath: string,
  input: string,
  out: string,
  backend: BackendChoice,
): Promise<void> {
  const source = openNpySlices(input);
  try {
    const model = await loadModel(modelPath, backend);
    try {
      if (source.height !== model.run.height || source.width !== model.run.width) {
        throw new ExpectedError(
          'shape-mismatch',
          `${basename(input)} has slices of ${source.height}x${source.width}; this model takes ${model.run.height}x${model.run.width}.`,
        );
      }
      const predicted = await withView((view) => {
        void view;
        return Promise.resolve(model.predict(source.read(Array.from({ length: source.count }, (_, i) => i))));
      });
      const shape = [source.count, source.height, source.width, 1];
      for (const name of ['ifc', 'iwc', 'iro'] as const) {
        await writeFileAtomic(join(out, `${name}.npy`), npyBytes(shape, predicted[name]));
      }
    } finally {
      model.dispose();
    }
  } finally {
    source.close();
  }
}

async function segmentAll(
  volumes: readonly string[],
  options: { model?: string; out: string; volume?: number; threshold?: number; backend: BackendChoice },
): Promise<void> {
  const given = options.threshold ?? null;
  const model = options.model === undefined ? null : await loadModel(options.model, options.backend);
  try {
    for (const path of volumes) {
      await withView(async (view) => {
        const result = model
          ? await segmentVolume(path, model, given, view, options.volume)
          : await segmentByIntensity(path, given, options.volume);
        const names = namesFor(path);
        await writeSegmentation(result, options.out, names, {
          source: basename(path),
          ...(model
            ? { method: 'asc-net', model: model.run.weights.generator, device: model.backend.device }
            : { method: 'intensity' }),
        });
        view.end();
        const volumeMm3 = result.lesions.reduce((sum, lesion) => sum + lesion.volumeMm3, 0);
        say(
          `${basename(path)}: ${result.lesions.length} lesions, ${Math.round(volumeMm3)} mm3 -> ${join(options.out, names.mask)}`,
        );
        say(`  threshold ${result.threshold.toFixed(3)}. ${result.reason}`);
        for (const warning of result.volume.warnings) process.stderr.write(`${basename(path)}: ${warning}\n`);
      });
    }
  } finally {
    model?.dispose();
  }
}

async function evaluate(predictionPath: string, truthPath: string, asJson: boolean): Promise<void> {
  const [prediction, truth] = await Promise.all([readVolumeFile(predictionPath), readVolumeFile(truthPath)]);
  checkSameGrid(prediction, basename(predictionPath), truth, basename(truthPath));
  const set = (values: Float32Array): Uint8Array => Uint8Array.from(values, (value) => (value > 0.5 ? 1 : 0));
  const result = agreement(
    set(trueValues(prediction).values),
    set(trueValues(truth).values),
    truth.dims,
    truth.zooms,
  );
  if (asJson) {
    say(JSON.stringify(result, null, 1));
    return;
  }
  say(`Dice                ${result.dice.toFixed(4)}`);
  say(`Precision           ${result.precision.toFixed(4)}`);
  say(`Sensitivity         ${result.sensitivity.toFixed(4)}`);
  say(`Volume              ${result.predictionMm3.toFixed(1)} mm3 (truth ${result.truthMm3.toFixed(1)} mm3)`);
  say(`Lesions found       ${result.foundLesions} of ${result.truthLesions}`);
  say(`False lesions       ${result.falseLesions} of ${result.predictedLesions}`);
}
