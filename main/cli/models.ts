import type { Command } from 'commander';
import { convertModel, createModel } from '../engine/jobs/kerasModels';
import { parseCount, say, typed, WrongUsage } from './options';

/** The commands that make model files: new ones, and one kind out of the other. */
export function addModels(program: Command): void {
  program
    .command('create')
    .description('new networks as the three published Keras files')
    .requiredOption('--out <dir>', 'where to write')
    .option(
      '--size <sides...>',
      'rows and columns of an image, multiples of 16 (default: 160 160)',
      (text: string, before: number[] | undefined) => [...(before ?? []), parseCount(text)],
    )
    .option('--width <n>', 'channels of the first level', parseCount, 32)
    .option('--seed <n>', 'seed of the weights', parseCount, 1)
    .option('--overwrite', 'replace files that are there already')
    .action(
      async (options: { out: string; size?: number[]; width: number; seed: number; overwrite?: boolean }) => {
        const [height, width, ...more] = options.size ?? [160, 160];
        if (height === undefined || width === undefined || more.length > 0) {
          throw new WrongUsage('--size takes two numbers, rows and columns: --size 160 160.');
        }
        const shape = { height, width, baseWidth: options.width };
        sayWritten(
          await typed(() => createModel(options.out, shape, options.seed, options.overwrite === true)),
          options.out,
        );
      },
    );

  program
    .command('convert')
    .description('a run to the three published Keras files, or such files to a run')
    .requiredOption('--model <model>', "a run's folder; a Keras file, or a folder with the published ones")
    .requiredOption('--out <dir>', 'where to write')
    .option('--overwrite', 'replace files that are there already')
    .action(async (options: { model: string; out: string; overwrite?: boolean }) => {
      sayWritten(await convertModel(options.model, options.out, options.overwrite === true), options.out);
    });
}

function sayWritten(names: readonly string[], folder: string): void {
  say(`${names.join(', ')} are in ${folder}`);
}
