import { basename, join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { ExpectedError, toFailure } from '../../shared/failure';
import {
  defaultPreparation,
  preparationSchema,
  type Preparation,
  type PreparedVolume,
} from '../../shared/imaging/preparation';
import { agreement } from '../../shared/lesions/agreement';
import { trueValues } from '../../shared/volume/nifti';
import { npyBytes } from '../../shared/volume/npy';
import { writeFileAtomic } from '../files/atomicWrite';
import { stemOf } from '../files/outputs';
import { readMaskOf } from '../files/readMask';
import { readVolumeFile } from '../files/readVolume';
import { changesSentence, openSet } from '../files/sliceSets';
import type { BackendChoice } from '../engine/backend/backend';
import { loadModel } from '../engine/jobs/model';
import { prepareSets, type SetScan } from '../engine/jobs/prepareSets';
import { VERSION } from '../version';
import { addBatch } from './batch';
import { addBids } from './bids';
import { demo } from './demo';
import { doctor } from './doctor';
import { native, type NativeOptions } from './native';
import {
  addVolumeFlags,
  backendOption,
  brainMasksOf,
  parseCount,
  parseNumber,
  say,
  withView,
  volumeOptions,
  type VolumeFlags,
} from './options';
import { addModels } from './models';
import { preparationPicture } from './preparationPicture';
import { addSegment } from './segment';
import { addTrain } from './train';

/** 0 done, 1 failed, 2 wrong usage. */
const EXIT = { done: 0, failed: 1, usage: 2 } as const;

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

interface PrepareFlags extends VolumeFlags {
  readonly normalisation: Preparation['normalisation'];
  readonly smooth: number;
  readonly reference: string[];
  readonly input: string[];
  readonly truth: string[];
  readonly out: string;
}

interface EvaluateFlags {
  readonly prediction: string;
  readonly truth: string;
  readonly resample?: boolean;
  readonly json?: boolean;
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

  program
    .command('demo')
    .description('train and segment a real scan with implanted lesions, end to end')
    .option('--out <dir>', 'where to write', 'demo-output')
    .option('--seed <n>', 'seed of the implanted lesions and the training', parseCount, 1)
    .addOption(backendOption())
    .action(async (options: { out: string; seed: number; backend: BackendChoice }) => {
      await withView((view) => demo(options.out, options.seed, options.backend, view, say));
    });

  addVolumeFlags(
    program
      .command('prepare')
      .description('volumes to the published .npy sets and index.json')
      .requiredOption(
        '--reference <volume...>',
        'healthy volumes; VOLUME#12-40,55 takes only these slices (from 0)',
      )
      .requiredOption('--input <volume...>', 'volumes to examine; slices may be chosen in the same way')
      .option('--truth <mask...>', 'lesion masks of the inputs, in their order; only ever used to score', [])
      .addOption(
        new Option(
          '--normalisation <how>',
          'what becomes 0 and 1: percentiles of the brain, or deviations from its mode',
        )
          .choices(preparationSchema.shape.normalisation.options)
          .default(defaultPreparation.normalisation),
      )
      .option(
        '--smooth <mm>',
        'sigma of a Gaussian over the scan, inside the brain',
        parseNumber,
        defaultPreparation.smoothingMm,
      )
      .requiredOption('--out <dir>', 'where to write'),
  ).action(async (options: PrepareFlags) => {
    const reference = options.reference.map(parseScan);
    const input = options.input.map(parseScan);
    const masks = brainMasksOf(
      options,
      [...reference, ...input].map(({ path }) => path),
    );
    const pictures: string[] = [];
    const draw = async (path: string, prepared: PreparedVolume): Promise<void> => {
      const stem = `${stemOf(path)}_preparation`;
      const taken = pictures.filter((name) => name.startsWith(stem)).length;
      const name = `${stem}${taken > 0 ? `_${taken + 1}` : ''}.png`;
      await writeFileAtomic(join(options.out, name), preparationPicture(prepared));
      pictures.push(name);
    };
    const index = await withView((view) =>
      prepareSets(
        reference.map((scan, i) => ({ ...scan, brain: masks[i] ?? null })),
        input.map((scan, i) => ({ ...scan, brain: masks[reference.length + i] ?? null })),
        options.truth,
        options.out,
        view,
        { ...volumeOptions(options), onPrepared: draw },
        { ...defaultPreparation, normalisation: options.normalisation, smoothingMm: options.smooth },
      ),
    );
    say(
      `${index.reference.length} reference and ${index.input.length} input slices of ${index.height}x${index.width} in ${options.out}`,
    );
    say(`How each scan was prepared: ${pictures.join(', ')}`);
  });

  addTrain(program);

  program
    .command('predict')
    .description('slices to the two cuts and the reconstruction: ifc.npy, iwc.npy, iro.npy')
    .requiredOption('--model <model>', 'folder of a run, or a generator .h5')
    .requiredOption('--input <file>', '.npy of slices')
    .requiredOption('--out <dir>', 'where to write')
    .option('--pad', 'pad slices with zeros where a side is no multiple of 16; the outputs are as large')
    .addOption(backendOption())
    .action(async (options: PredictOptions) => {
      await predictSet(options);
      say(`ifc.npy, iwc.npy and iro.npy are in ${options.out}`);
    });

  addSegment(program);
  addBatch(program);
  addBids(program);
  addModels(program);

  program
    .command('evaluate')
    .description('agreement of a mask with the truth, voxel by voxel and lesion by lesion')
    .requiredOption('--prediction <mask>', 'mask to judge')
    .requiredOption('--truth <mask>', 'mask to judge it by')
    .option('--resample', 'take a prediction on another grid over to the truth, by the nearest voxel')
    .option('--json', 'print JSON')
    .action(evaluate);

  program
    .command('native')
    .description("install TensorFlow's own library, for training several times as fast")
    .option('--gpu', 'the library for NVIDIA GPUs, with CUDA')
    .option('--libtensorflow <dir>', 'use the library in this folder instead of downloading one')
    .option('--remove', 'remove it again')
    .action(async (options: NativeOptions) => {
      await withView((view) => native(options, view, say));
    });

  program
    .command('doctor')
    .description('versions, backends and devices found, what is missing and how to get it')
    .action(() => doctor(say));

  return program;
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

interface PredictOptions {
  readonly model: string;
  readonly input: string;
  readonly out: string;
  readonly pad?: true;
  readonly backend: BackendChoice;
}

async function predictSet({ model: modelPath, input, out, pad, backend }: PredictOptions): Promise<void> {
  const source = await openSet(input, { pad: pad === true });
  try {
    const changes = changesSentence(source.facts);
    if (changes) process.stderr.write(`${changes}\n`);
    const model = await loadModel(modelPath, backend);
    try {
      if (source.height !== model.shape.height || source.width !== model.shape.width) {
        throw new ExpectedError(
          'shape-mismatch',
          `${basename(input)} has slices of ${source.height}x${source.width}; this model takes ${model.shape.height}x${model.shape.width}.`,
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

async function evaluate({ prediction, truth, resample, json }: EvaluateFlags): Promise<void> {
  const truthVolume = await readVolumeFile(truth);
  const found = await readMaskOf(prediction, truthVolume, basename(truth), resample === true);
  const set = Uint8Array.from(trueValues(truthVolume).values, (value) => (value > 0.5 ? 1 : 0));
  const result = agreement(found, set, truthVolume.dims, truthVolume.zooms);
  if (json) {
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
