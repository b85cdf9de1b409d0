import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { slicesToVolume, volumeToSlices } from '../../shared/geometry/sliceGrid';
import { agreement, type Agreement } from '../../shared/lesions/agreement';
import { settingsFrom } from '../../shared/study/chooseSettings';
import { niftiBytes, trueValues } from '../../shared/volume/nifti';
import { writeFileAtomic, writeNiftiFile } from '../files/atomicWrite';
import { readVolumeFile } from '../files/readVolume';
import { breathe, partsOf, type JobContext } from '../engine/jobs/context';
import { loadModel } from '../engine/jobs/model';
import { prepareSets } from '../engine/jobs/prepareSets';
import { makeSampleStudy } from '../engine/jobs/sample';
import { segmentVolume } from '../engine/jobs/segmentVolume';
import { writeSegmentation } from '../engine/jobs/writeSegmentation';
import { outputNames } from '../files/outputs';
import { trainRun } from '../engine/jobs/trainRun';
import { readRun } from '../engine/training/runFile';
import type { BackendChoice } from '../engine/backend/backend';
import { SOFTWARE } from '../version';
import { montage } from './montage';
import type { ProgressView } from './progress';

/** Rows of the figure. */
const MONTAGE_ROWS = 5;

type Four<T> = [T, T, T, T];
/** Shares of the time that implanting, preparing, training and segmenting take, as measured on WebAssembly. */
const SHARES: Four<number> = [0.01, 0.01, 0.93, 0.05];

/**
 * The main job end to end on a real scan with IMPLANTED lesions: make the study, prepare the sets, train with the `quick`
 * preset, segment, and score against the implanted truth, which neither the training nor the threshold has seen.
 */
export async function demo(
  outDir: string,
  seed: number,
  backend: BackendChoice,
  view: ProgressView,
  say: (line: string) => void,
): Promise<void> {
  const out = resolve(outDir);
  await mkdir(out, { recursive: true });
  const data = join(out, 'data');
  const runDir = join(out, 'run');
  // A run of before must not look like this one's if this one is stopped.
  await Promise.all(
    ['run', 'report.json'].map((name) => rm(join(out, name), { recursive: true, force: true })),
  );
  say('Sample: a real T1-weighted brain scan with IMPLANTED lesions (synthetic, seeded; not pathology).');
  const [making, preparing, training, segmenting] = partsOf(view, SHARES) as Four<JobContext>;
  const tell = (part: JobContext, fraction: number, message: string): void =>
    part.emit({ type: 'progress', phase: 'prepare', fraction, remainingMs: null, message });
  tell(making, 0, 'implanting lesions into the sample scan');
  await breathe();
  const sample = await makeSampleStudy(data, seed);
  const index = await prepareSets(
    [{ path: sample.scan, slices: sample.referenceSlices }],
    [{ path: sample.scan, slices: null }],
    [sample.truth],
    data,
    preparing,
  );
  view.end();
  say(
    `Sets: ${index.reference.length} reference slices that no lesion touches, ${index.input.length} input slices.`,
  );
  const settings = settingsFrom('quick', { seed });
  const trained = await trainRun(
    { dataDir: data, outDir: runDir, plan: { kind: 'new', settings }, backend },
    training,
  );
  const model = await loadModel(runDir, backend);
  const result = await segmentVolume(sample.scan, model, null, segmenting);
  const truthVolume = await readVolumeFile(sample.truth);
  const truth = Uint8Array.from(trueValues(truthVolume).values);
  const score = agreement(result.mask, truth, result.volume.dims, result.volume.zooms);
  const names = outputNames(sample.scan, { pattern: '{kind}' });
  await writeNiftiFile(
    join(out, 'truth.nii.gz'),
    niftiBytes({
      dims: truthVolume.dims,
      like: truthVolume,
      data: truth,
      description: `${SOFTWARE} mask of IMPLANTED lesions`,
    }),
  );
  const { grid, slices: input } = result.prepared;
  const onGrid = (mask: Uint8Array): Float32Array =>
    volumeToSlices(grid, Float32Array.from(mask), { method: 'nearest' });
  const truthSlices = onGrid(truth);
  await writeFileAtomic(
    join(out, 'montage.png'),
    montage(
      [
        { title: 'I_in', slices: input },
        { title: 'I_fc', slices: result.slices.ifc },
        { title: 'I_wc', slices: result.slices.iwc },
        { title: 'I_ro', slices: result.slices.iro },
        { title: 'truth', slices: truthSlices },
        { title: 'mask', slices: onGrid(result.mask) },
      ],
      fullestSlices(truthSlices, grid.height * grid.width, MONTAGE_ROWS),
      grid.height,
      grid.width,
    ),
  );
  const facts = {
    lesionsAreImplanted: true,
    seed,
    settings,
    device: model.backend.device,
    node: process.version,
    losses: (await readRun(runDir)).history,
    trainingSeconds: Math.round(trained.durationMs / 1000),
    // The best that any mask could reach after going to slices and back.
    agreementOfGridRoundTrip: roundTripDice(
      truth,
      result.volume.dims,
      result.volume.zooms,
      truthSlices,
      grid,
    ),
    agreement: score,
  };
  await writeSegmentation(result, sample.scan, model.sha256, out, names, facts, {
    overwrite: true,
  });
  model.dispose();
  tell(segmenting, 1, 'all is written');
  sayResult(say, out, score, result.threshold, result.reason);
}

function roundTripDice(
  truth: Uint8Array,
  dims: Parameters<typeof agreement>[2],
  zooms: Parameters<typeof agreement>[3],
  slices: Float32Array,
  grid: Parameters<typeof slicesToVolume>[0],
): number {
  return agreement(slicesToVolume(grid, Uint8Array.from(slices), 'nearest'), truth, dims, zooms).dice;
}

/** The slices with the most truth in them, one from each part of the stack, in order. */
function fullestSlices(truth: Float32Array, size: number, rows: number): number[] {
  const areas = Array.from({ length: truth.length / size }, (_, k) => {
    let area = 0;
    for (let i = k * size; i < (k + 1) * size; i++) area += truth[i] as number;
    return area;
  });
  const filled = areas.flatMap((area, k) => (area > 0 ? [k] : []));
  const part = filled.length / rows;
  return Array.from({ length: Math.min(rows, filled.length) }, (_, row) =>
    filled
      .slice(Math.floor(row * part), Math.max(Math.floor((row + 1) * part), Math.floor(row * part) + 1))
      .reduce((best, k) => ((areas[k] as number) > (areas[best] as number) ? k : best)),
  );
}

function sayResult(
  say: (line: string) => void,
  out: string,
  score: Agreement,
  threshold: number,
  reason: string,
): void {
  say('');
  say(`Written to ${out}:`);
  say(
    "  mask.nii.gz, iro.nii.gz, truth.nii.gz   on the scan's grid; the scan is data/sample_with_implanted_lesions.nii.gz",
  );
  say('  lesions.csv, report.json, montage.png   table, settings and figures, picture');
  say('  data/, run/                             the prepared sets and the trained networks');
  say(`Threshold on I_ro: ${threshold.toFixed(3)}. ${reason}`);
  say(
    `Against the implanted lesions: Dice ${score.dice.toFixed(3)}, precision ${score.precision.toFixed(3)}, ` +
      `sensitivity ${score.sensitivity.toFixed(3)}, ${score.foundLesions} of ${score.truthLesions} lesions found.`,
  );
}
