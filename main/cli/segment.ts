import { basename, join } from 'node:path';
import { Option, type Command } from 'commander';
import { differenceSentence } from '../../shared/lesions/difference';
import type { BackendChoice } from '../engine/backend/backend';
import { loadModel } from '../engine/jobs/model';
import { segmentByIntensity, segmentVolume } from '../engine/jobs/segmentVolume';
import { writeSegmentation } from '../engine/jobs/writeSegmentation';
import type { KeptExtensions } from '../../shared/volume/nifti';
import { defaultPattern, outputNames, refuseTaken } from '../files/outputs';
import {
  addMaskFlags,
  addVolumeFlags,
  backendOption,
  brainMasksOf,
  contrastsOf,
  rulesOf,
  say,
  typed,
  volumeOptions,
  warn,
  withView,
  type MaskFlags,
  type VolumeFlags,
} from './options';

interface SegmentFlags extends VolumeFlags, MaskFlags {
  readonly model?: string;
  readonly baseline?: string;
  readonly out: string;
  readonly names: string;
  readonly format: 'nii.gz' | 'nii';
  readonly overwrite?: boolean;
  readonly extensions: KeptExtensions;
  readonly backend: BackendChoice;
}

export function addSegment(program: Command): void {
  const command = program
    .command('segment')
    .description('volumes to lesion masks, I_ro maps, tables and reports')
    .argument('<volume...>', 'NIfTI or .npy files, or folders of DICOM files')
    .option('--model <model>', 'folder of a run, or a generator .h5')
    .addOption(new Option('--baseline <name>', 'leave the network out').choices(['intensity']))
    .requiredOption('--out <dir>', 'where to write')
    .option('--names <pattern>', 'how the files are named, without their endings', defaultPattern)
    .addOption(
      new Option('--format <ending>', 'of masks and maps').choices(['nii.gz', 'nii']).default('nii.gz'),
    )
    .option('--overwrite', 'replace files that are there already')
    .addOption(
      new Option(
        '--extensions <which>',
        'header extensions that are kept; public: those without DICOM attributes',
      )
        .choices(['all', 'public', 'none'])
        .default('public'),
    )
    .addOption(backendOption());
  addMaskFlags(addVolumeFlags(command)).action(
    async (volumes: string[], options: SegmentFlags, command: Command) => {
      if ((options.model === undefined) === (options.baseline === undefined)) {
        command.error('error: give either --model MODEL or --baseline intensity');
      }
      await segmentAll(volumes, options);
    },
  );
}

async function segmentAll(volumes: readonly string[], options: SegmentFlags): Promise<void> {
  const overwrite = options.overwrite === true;
  const names = await typed(() =>
    volumes.map((path) => outputNames(path, { pattern: options.names, format: options.format })),
  );
  refuseTaken(options.out, names, overwrite);
  const brainMasks = brainMasksOf(options, volumes);
  const contrasts = contrastsOf(options, volumes);
  const model = options.model === undefined ? null : await loadModel(options.model, options.backend);
  try {
    for (const [i, path] of volumes.entries()) {
      const read = {
        ...volumeOptions(options),
        brainMask: brainMasks[i] ?? undefined,
        rules: rulesOf(options),
        samples: options.samples,
        contrasts: contrasts[i],
      };
      await withView(async (view) => {
        const result = model
          ? await segmentVolume(path, model, options.threshold ?? options.thresholdBy ?? null, view, read)
          : await segmentByIntensity(path, options.threshold ?? null, read);
        const files = names[i] as (typeof names)[number];
        const facts = model
          ? { method: 'asc-net', device: model.backend.device, samples: options.samples }
          : { method: 'intensity' };
        const hash = model?.sha256 ?? null;
        await writeSegmentation(result, path, hash, options.out, files, facts, {
          overwrite,
          extensions: options.extensions,
        });
        view.end();
        const volumeMm3 = result.lesions.reduce((sum, lesion) => sum + lesion.volumeMm3, 0);
        say(
          `${basename(path)}: ${result.lesions.length} lesions, ${Math.round(volumeMm3)} mm3 -> ${join(options.out, files.mask)}`,
        );
        say(`  threshold ${result.threshold.toFixed(3)}. ${result.reason}`);
        if (result.baseline)
          say(`  ${differenceSentence(result.baseline.difference, (mm3) => `${Math.round(mm3)} mm3`)}`);
        for (const warning of result.warnings) warn(`${basename(path)}: ${warning}`);
      });
    }
  } finally {
    model?.dispose();
  }
}
