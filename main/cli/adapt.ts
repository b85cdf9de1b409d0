import type { Command } from 'commander';
import type { BackendChoice } from '../engine/backend/backend';
import { adaptRun } from '../engine/jobs/adaptRun';
import type { SetScan } from '../engine/jobs/prepareSets';
import { backendOption, parseNumber, say, withView } from './options';
import { parseScan } from './prepare';
import { duration } from './progress';

interface AdaptFlags {
  readonly model: string;
  readonly volume: string;
  readonly healthy?: string;
  readonly healthyWhereEmpty?: string;
  readonly healthyMaxMm2: number;
  readonly brain?: string;
  readonly t1?: string;
  readonly t2?: string;
  readonly data?: string;
  readonly out: string;
  readonly backend: BackendChoice;
}

/** The command adapt. */
export function addAdapt(program: Command): void {
  program
    .command('adapt')
    .description('a minute of further training on a scan of which some slices are known to be healthy')
    .requiredOption('--model <run>', 'folder of a run of the preset ms-flair')
    .requiredOption('--volume <volume>', 'the scan')
    .option('--healthy <slices>', 'its healthy slices, e.g. 12-14,40,80: about ten, over its whole height')
    .option('--healthy-where-empty <mask>', 'a lesion mask of it: slices without lesion are healthy')
    .option('--healthy-max-mm2 <area>', 'most lesion that a healthy slice may have', parseNumber, 0)
    .option('--brain <mask>', 'brain mask of the volume; found by itself unless given')
    .option('--t1 <volume>', 'its T1, where the run looks at that too')
    .option('--t2 <volume>', 'its T2, where the run looks at that too')
    .option('--data <dir>', 'the sets that the run was trained on, so that it forgets nothing')
    .requiredOption('--out <run>', 'folder of the new run')
    .addOption(backendOption())
    .action(async (flags: AdaptFlags, command: Command) => {
      if ((flags.healthy === undefined) === (flags.healthyWhereEmpty === undefined))
        command.error('error: give either --healthy SLICES or --healthy-where-empty MASK');
      const { model, data = null, out: outDir, backend } = flags;
      const healthy = healthyScan(flags);
      const result = await withView((view) => adaptRun({ model, healthy, data, outDir, backend }, view));
      say(`Adapted in ${duration(result.durationMs)} on ${result.device.label}; the run is in ${result.run}`);
    });
}

function healthyScan(flags: AdaptFlags): SetScan {
  const { volume, healthy, healthyWhereEmpty, healthyMaxMm2, brain, t1, t2 } = flags;
  const contrasts = { ...(t1 === undefined ? {} : { T1: t1 }), ...(t2 === undefined ? {} : { T2: t2 }) };
  const own = { ...(brain === undefined ? {} : { brain }), contrasts };
  if (healthy !== undefined) return { ...parseScan(`${volume}#${healthy}`), ...own };
  const healthyWhere = { mask: healthyWhereEmpty as string, mostMm2: healthyMaxMm2 };
  return { path: volume, slices: null, healthyWhere, ...own };
}
