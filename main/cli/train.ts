import { Option, type Command } from 'commander';
import { settingsFrom } from '../../shared/study/chooseSettings';
import { presets, type PresetName } from '../../shared/study/trainingSettings';
import type { BackendChoice } from '../engine/backend/backend';
import { trainRun, type TrainPlan } from '../engine/jobs/trainRun';
import { backendOption, parseAssignment, parseCount, parseNumber, say, typed, withView } from './options';
import { duration } from './progress';

interface TrainFlags {
  readonly data: string;
  readonly out: string;
  readonly resume?: true;
  readonly preset?: PresetName;
  readonly width?: number;
  readonly cycles?: number;
  readonly stage?: string;
  readonly maxMinutes?: number;
  readonly seed?: number;
  readonly set: Record<string, unknown>;
  readonly pad?: true;
  readonly backend: BackendChoice;
}

const ENDED = {
  split: 'the histogram of I_ro has split',
  cycles: 'all cycles are done',
  time: 'its time is up',
  stopped: 'it was stopped',
} as const;

/** The command train. */
export function addTrain(program: Command): void {
  program
    .command('train')
    .description('train on prepared sets, or go on with a training')
    .requiredOption('--data <dir>', 'folder that prepare wrote')
    .requiredOption('--out <run>', 'folder of the run')
    .option('--resume', 'go on from the newest checkpoint of the run, with the same data')
    .addOption(
      new Option('--preset <name>', 'settings to start from (default: "quick")').choices(
        Object.keys(presets),
      ),
    )
    .option('--width <n>', 'channels of the first level', parseCount)
    .option('--cycles <n>', 'most cycles', parseCount)
    .addOption(new Option('--stage <n>', 'stage of the published training').choices(['1', '2', 'auto']))
    .option('--max-minutes <n>', 'longest time to train', parseNumber)
    .option('--seed <n>', 'seed of every random number', parseCount)
    .option(
      '--set <name=value>',
      'any other setting, by its name in run.json; may be repeated',
      parseAssignment,
      {},
    )
    .option('--pad', 'pad slices with zeros where a side is no multiple of 16')
    .addOption(backendOption())
    .action(async (flags: TrainFlags, command: Command) => {
      const given = {
        baseWidth: flags.width,
        maxCycles: flags.cycles,
        stage: flags.stage,
        maxMinutes: flags.maxMinutes,
        seed: flags.seed,
        ...flags.set,
      };
      const changes = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
      if (flags.resume && flags.preset)
        command.error('error: --resume goes on with the settings it has; leave --preset out');
      const plan: TrainPlan = flags.resume
        ? { kind: 'resume', changes }
        : { kind: 'new', settings: await typed(() => settingsFrom(flags.preset ?? 'quick', changes)) };
      const result = await withView((view) =>
        trainRun(
          { dataDir: flags.data, outDir: flags.out, plan, backend: flags.backend, pad: flags.pad === true },
          view,
        ),
      );
      say(
        `${result.cycles} cycles in ${duration(result.durationMs)} on ${result.device.label} (${ENDED[result.ended]}); the run is in ${result.run}`,
      );
      if (result.fullTrainingMs !== null) {
        say(
          `All cycles of the preset, on these sets, would take about ${duration(result.fullTrainingMs)} at this speed on this machine.`,
        );
      }
    });
}
