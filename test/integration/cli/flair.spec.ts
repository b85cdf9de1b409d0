import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { niftiBytes } from '../../../shared/volume/nifti';
import { readNpyHeader } from '../../../shared/volume/npy';
import { ballScan } from '../../helpers/ballScan';
import { commandLine } from '../../helpers/commandLine';

const { at, run, printed } = commandLine('flair');
const { like, scan: ball, truth } = ballScan();
const { dims } = like;
const scan = at('scan.nii.gz');
const wasm = ['--backend', 'wasm'];

beforeAll(() => {
  writeFileSync(scan, gzipSync(niftiBytes({ dims, data: ball, like, description: 'test' })));
  writeFileSync(at('truth.nii.gz'), gzipSync(niftiBytes({ dims, data: truth, like, description: 'test' })));
});

const json = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(at(path), 'utf8')) as Record<string, unknown>;

describe('the preset ms-flair', () => {
  it('prepares slices with their neighbours, the reference where a mask is empty', async () => {
    const given = ['--reference', scan, '--healthy-where-empty', at('truth.nii.gz'), '--input', scan];
    expect(await run('prepare', '--preset', 'ms-flair', ...given, '--out', at('sets'))).toBe(0);
    const index = json('sets/index.json') as { reference: { slice: number }[]; input: { slice: number }[] };
    // The bright ball lies 12.5 mm above the middle, 9 mm to either side: slices of 5 mm, 6 to 9 and no others.
    const healthy = index.input.map(({ slice }) => slice).filter((slice) => slice < 7 || slice > 9);
    expect(index.reference.map(({ slice }) => slice)).toEqual(healthy);
    const { shape } = readNpyHeader(readFileSync(at('sets/good_dic_to_train_disc.npy')));
    expect(shape).toEqual([healthy.length, 208, 208, 3]);
    expect(json('sets/index.json')['preparation']).toMatchObject({ pixelMm: 1, neighbourMm: 2 });
  });

  it('trains, segments with the settings it recorded, and tells every way to the threshold', async () => {
    const tiny = [
      'baseWidth=1',
      'generatorSlices=8',
      'discriminatorSlices=4',
      'maxCycles=1',
      'pastedBatch=2',
    ];
    const set = tiny.flatMap((assignment) => ['--set', assignment]);
    const train = ['train', '--preset', 'ms-flair', '--data', at('sets'), '--out', at('run'), ...set];
    expect(await run(...train, ...wasm)).toBe(0);
    const facts = json('run/run.json') as { pastedCounts: { lesion: number[] }; channels: number };
    expect(facts.channels).toBe(3);
    expect(facts.pastedCounts.lesion.reduce((a, b) => a + b, 0)).toBeGreaterThan(0);

    expect(await run('segment', '--model', at('run'), '--out', at('masks'), ...wasm, scan)).toBe(0);
    const report = json('masks/scan_report.json') as {
      thresholds: { method: string }[];
      grid: { pixelMm: number };
    };
    expect(report.grid.pixelMm).toBe(1);
    expect(report.thresholds.map(({ method }) => method)).toEqual(
      expect.arrayContaining(['pasted', 'reference-quantile']),
    );
  }, 120_000);

  it('says what it doubts, shows a plain threshold beside the mask, and how far I_ro strays', async () => {
    const { thresholds, baseline, levels, warnings } = json('masks/scan_report.json') as {
      thresholds: { method: string; threshold: number }[];
      baseline: { volumeMm3: number; bothMm3: number; baselineOnlyMm3: number };
      levels: { share: number };
      warnings: string[];
    };
    expect(baseline.bothMm3 + baseline.baselineOnlyMm3).toBeCloseTo(baseline.volumeMm3, 6);
    // The slices with the ball in them are no reference, but others are near.
    expect(levels.share).toBeLessThan(0.5);
    expect(warnings.join(' ')).not.toMatch(/another sequence/);
    const wanted = ['--threshold-by', 'pasted', '--erosion', '1', '--min-voxels', '2', '--connectivity', '6'];
    const given = [...wanted, '--samples', '2', ...wasm, scan];
    expect(await run('segment', '--model', at('run'), '--out', at('chosen'), ...given)).toBe(0);
    const chosen = json('chosen/scan_report.json');
    expect(chosen).toMatchObject({
      thresholdMethod: 'pasted',
      threshold: thresholds.find(({ method }) => method === 'pasted')?.threshold,
      brainErosionVoxels: 1,
      minLesionVoxels: 2,
      connectivity: 6,
      samples: 2,
    });
    const spread = (folder: string): Buffer => gunzipSync(readFileSync(at(`${folder}/scan_spread.nii.gz`)));
    expect(spread('chosen').equals(spread('masks'))).toBe(false);
    // What I_ro is does not depend on the samples.
    const iro = (folder: string): Buffer => gunzipSync(readFileSync(at(`${folder}/scan_iro.nii.gz`)));
    expect(
      await run('segment', '--model', at('run'), '--out', at('again'), '--samples', '2', ...wasm, scan),
    ).toBe(0);
    expect(iro('again').equals(iro('masks'))).toBe(true);
  }, 60_000);

  it('marks at most 0.1 ml in a scan without lesions, and says that it may have none', async () => {
    const healthy = ballScan();
    const without = healthy.scan.map((value, i) => (healthy.truth[i] === 0 ? value : 100));
    writeFileSync(
      at('healthy.nii.gz'),
      gzipSync(niftiBytes({ dims, data: without, like, description: 'test' })),
    );
    expect(
      await run('segment', '--model', at('run'), '--out', at('none'), ...wasm, at('healthy.nii.gz')),
    ).toBe(0);
    const report = json('none/healthy_report.json') as {
      lesionVolumeMm3: number;
      doubts: { kind: string }[];
    };
    expect(report.lesionVolumeMm3).toBeLessThanOrEqual(100);
    expect(report.doubts.map(({ kind }) => kind)).toContain('no-lesions');
  }, 60_000);

  it('cannot be written as the published Keras files, and says what they cannot hold', async () => {
    expect(await run('convert', '--model', at('run'), '--out', at('keras'))).toBe(1);
    expect(printed.err).toMatch(/3 input channels.*topConvolutions 1, residualIfc/);
  });

  it('goes on with healthy slices of a scan, in a run of its own', async () => {
    const adapt = ['adapt', '--model', at('run'), '--volume', scan, '--healthy', '2-5', '--data', at('sets')];
    expect(await run(...adapt, '--out', at('adapted'), ...wasm)).toBe(0);
    expect(json('adapted/run.json')).toMatchObject({ settings: { maxCycles: 2, generatorRate: 1.5e-3 } });
    const weights = (name: string): Buffer => readFileSync(at(`${name}/generator.weights`));
    expect(weights('adapted').equals(weights('run'))).toBe(false);
  }, 180_000);

  it('refuses sets that were prepared otherwise', async () => {
    expect(await run('prepare', '--reference', scan, '--input', scan, '--out', at('plain'))).toBe(0);
    const train = ['train', '--preset', 'ms-flair', '--data', at('plain'), '--out', at('none'), ...wasm];
    expect(await run(...train)).toBe(1);
    expect(printed.err).toMatch(/prepare the sets with --preset ms-flair/);
  });

  it('refuses to adapt with fewer masks than volumes, or with neither slices nor mask', async () => {
    expect(
      await run(
        'prepare',
        '--reference',
        scan,
        scan,
        '--healthy-where-empty',
        scan,
        '--input',
        scan,
        '--out',
        at('x'),
      ),
    ).toBe(2);
    expect(printed.err).toMatch(/1 masks .* 2 reference volumes/);
    expect(await run('adapt', '--model', at('run'), '--volume', scan, '--out', at('y'))).toBe(2);
  });
});
