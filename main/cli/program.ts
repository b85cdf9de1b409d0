import { basename } from 'node:path';
import { Command, CommanderError } from 'commander';
import { toFailure } from '../../shared/failure';
import { agreement } from '../../shared/lesions/agreement';
import { trueValues } from '../../shared/volume/nifti';
import { readMaskOf } from '../files/readMask';
import { readVolumeFile } from '../files/readVolume';
import type { BackendChoice } from '../engine/backend/backend';
import { loadModel } from '../engine/jobs/model';
import { predictSet } from '../engine/jobs/predictSet';
import { VERSION } from '../version';
import { addBatch } from './batch';
import { addAdapt } from './adapt';
import { addBids } from './bids';
import { demo } from './demo';
import { doctor } from './doctor';
import { native, type NativeOptions } from './native';
import { backendOption, parseCount, say, withView, WrongUsage } from './options';
import { addLesions } from './lesions';
import { addModels } from './models';
import { addPrepare } from './prepare';
import { addSegment } from './segment';
import { addPairs } from './pairs';
import { addSlurm } from './slurm';
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
    return error instanceof WrongUsage ? EXIT.usage : EXIT.failed;
  }
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

  addPrepare(program);
  addTrain(program);
  addAdapt(program);

  program
    .command('predict')
    .description('slices to the two cuts and the reconstruction: ifc.npy, iwc.npy, iro.npy')
    .requiredOption('--model <model>', 'folder of a run, or a generator .h5')
    .requiredOption('--input <file>', '.npy of slices')
    .requiredOption('--out <dir>', 'where to write')
    .option(
      '--pad',
      'pad slices with zeros where a side is no multiple of 16; the outputs are as large as the slices',
    )
    .addOption(backendOption())
    .action(async (options: PredictOptions) => {
      await predict(options);
      say(`ifc.npy, iwc.npy and iro.npy are in ${options.out}`);
    });

  addSegment(program);
  addBatch(program);
  addBids(program);
  addSlurm(program);
  addPairs(program);
  addModels(program);
  addLesions(program);

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

interface PredictOptions {
  readonly model: string;
  readonly input: string;
  readonly out: string;
  readonly pad?: true;
  readonly backend: BackendChoice;
}

async function predict({ model: modelPath, input, out, pad, backend }: PredictOptions): Promise<void> {
  const model = await loadModel(modelPath, backend);
  try {
    await withView((view) => predictSet(input, model, out, pad === true, view));
  } finally {
    model.dispose();
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
