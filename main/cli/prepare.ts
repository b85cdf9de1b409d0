import { basename, join } from 'node:path';
import { Option, type Command } from 'commander';
import { contrastSchema } from '../../shared/imaging/contrasts';
import { preparationSchema, type Preparation, type PreparedVolume } from '../../shared/imaging/preparation';
import { preparationOf } from '../../shared/study/presetPreparation';
import { presets, type PresetName } from '../../shared/study/trainingSettings';
import { writeFileAtomic } from '../files/atomicWrite';
import { stemOf } from '../files/outputs';
import { prepareSets, type SetScan } from '../engine/jobs/prepareSets';
import {
  addVolumeFlags,
  brainMasksOf,
  contrastsOf,
  parseNumber,
  say,
  volumeOptions,
  withView,
  WrongUsage,
  type VolumeFlags,
} from './options';
import { preparationPicture } from './preparationPicture';

interface PrepareFlags extends VolumeFlags {
  readonly preset: PresetName;
  readonly normalisation?: Preparation['normalisation'];
  readonly smooth?: number;
  readonly reference: string[];
  readonly healthyWhereEmpty: string[];
  readonly healthyMaxMm2: number;
  readonly input: string[];
  readonly truth: string[];
  readonly out: string;
}

/** The command prepare. */
export function addPrepare(program: Command): void {
  const command = program
    .command('prepare')
    .description('volumes to the published .npy sets and index.json')
    .requiredOption(
      '--reference <volume...>',
      'healthy volumes; VOLUME#12-40,55 takes only these slices (from 0)',
    )
    .requiredOption('--input <volume...>', 'volumes to examine; slices may be chosen in the same way')
    .option(
      '--healthy-where-empty <mask...>',
      'lesion masks of the reference volumes, in their order: slices without lesion are the reference',
      [],
    )
    .option('--healthy-max-mm2 <area>', 'most lesion that a healthy slice may have', parseNumber, 0)
    .option('--truth <mask...>', 'lesion masks of the inputs, in their order; only ever used to score', [])
    .addOption(
      new Option('--preset <name>', 'prepare as this preset of train wants it')
        .choices(Object.keys(presets))
        .default('quick' satisfies PresetName),
    )
    .addOption(
      new Option(
        '--normalisation <how>',
        "what becomes 0 and 1: percentiles of the brain, or deviations from its mode; the preset's unless given",
      ).choices(preparationSchema.shape.normalisation.options),
    )
    .option(
      '--smooth <mm>',
      "sigma of a Gaussian over the scan, inside the brain; the preset's unless given",
      parseNumber,
    )
    .requiredOption('--out <dir>', 'where to write');
  addVolumeFlags(command).action(async (flags: PrepareFlags) => {
    const preset = preparationOf(flags.preset);
    const reference = referenceScans(flags);
    const input = flags.input.map(parseScan);
    const all = [...reference, ...input].map(({ path }) => path);
    const masks = brainMasksOf(flags, all);
    const contrasts = contrastsOf(flags, all);
    const withOwn = (scan: SetScan, i: number): SetScan => ({
      ...scan,
      brain: masks[i] ?? null,
      contrasts: contrasts[i] ?? {},
    });
    // Written when the sets are: a volume that cannot be read leaves nothing behind of those before it.
    const pictures = new Map<string, Uint8Array>();
    const draw = (path: string, prepared: PreparedVolume): void => {
      const stem = `${stemOf(path)}_preparation`;
      const taken = [...pictures.keys()].filter((name) => name.startsWith(stem)).length;
      pictures.set(`${stem}${taken > 0 ? `_${taken + 1}` : ''}.png`, preparationPicture(prepared));
    };
    const index = await withView((view) =>
      prepareSets(
        reference.map(withOwn),
        input.map((scan, i) => withOwn(scan, reference.length + i)),
        flags.truth,
        flags.out,
        view,
        { ...volumeOptions(flags), onPrepared: draw },
        {
          ...preset,
          normalisation: flags.normalisation ?? preset.normalisation,
          smoothingMm: flags.smooth ?? preset.smoothingMm,
          contrasts: contrastSchema.options.filter((name) => contrasts[0]?.[name] !== undefined),
        },
      ),
    );
    say(
      `${index.reference.length} reference and ${index.input.length} input slices of ${index.height}x${index.width} in ${flags.out}`,
    );
    for (const [name, png] of pictures) await writeFileAtomic(join(flags.out, name), png);
    say(`How each scan was prepared: ${[...pictures.keys()].join(', ')}`);
  });
}

function referenceScans({ reference, healthyWhereEmpty, healthyMaxMm2 }: PrepareFlags): SetScan[] {
  if (healthyWhereEmpty.length > 0 && healthyWhereEmpty.length !== reference.length) {
    throw new WrongUsage(
      `There are ${healthyWhereEmpty.length} masks for --healthy-where-empty and ${reference.length} reference volumes; give one mask for each, in the same order.`,
    );
  }
  return reference.map((text, i) => {
    const mask = healthyWhereEmpty[i];
    const scan = parseScan(text);
    return mask === undefined ? scan : { ...scan, healthyWhere: { mask, mostMm2: healthyMaxMm2 } };
  });
}

/** "scan.nii.gz#12-40,55" names slices 12 to 40 and 55; without "#", every slice that holds brain. */
export function parseScan(text: string): SetScan {
  const match = /^(.*)#([\d,\s-]+)$/.exec(text);
  if (!match) return { path: text, slices: null };
  const slices = (match[2] as string).split(',').flatMap((part) => {
    const range = /^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/.exec(part);
    if (!range) {
      throw new WrongUsage(
        `"${part}" in ${basename(text)} is no slice number or range; write for example #12-40,55.`,
      );
    }
    const first = Number(range[1]);
    const last = range[2] === undefined ? first : Number(range[2]);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  });
  return { path: match[1] as string, slices };
}
