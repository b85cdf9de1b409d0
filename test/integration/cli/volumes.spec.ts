import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { niftiBytes, volumeFromNifti } from '../../../shared/volume/nifti';
import { npyBytes, npyValues } from '../../../shared/volume/npy';
import type { Dims } from '../../../shared/volume/volume';
import { ballScan } from '../../helpers/ballScan';
import { commandLine } from '../../helpers/commandLine';

const { at, run, printed } = commandLine('cli-volumes');
const { like, scan, truth } = ballScan();
const { dims } = like;
beforeAll(() => {
  writeFileSync(at('scan.nii.gz'), gzipSync(niftiBytes({ dims, data: scan, like, description: 'test' })));
});

const segment = (name: string, ...args: string[]): Promise<number> =>
  run('segment', '--baseline', 'intensity', ...args, at(name));
const json = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(at(name), 'utf8')) as Record<string, unknown>;
const voxelsOf = (name: string): number[] => [...volumeFromNifti(gunzipSync(readFileSync(at(name)))).data];

describe('segment', () => {
  it('writes mask, sidecar, map, tables and report by a pattern, and replaces them only when told', async () => {
    const args = ['--out', at('named'), '--names', 'sub-{name}_{kind}', '--format', 'nii'];
    expect(await segment('scan.nii.gz', ...args)).toBe(0);
    const names = [
      'sub-scan_iro.nii',
      'sub-scan_lesions.csv',
      'sub-scan_lesions.json',
      'sub-scan_mask.json',
      'sub-scan_mask.nii',
      'sub-scan_report.json',
    ];
    expect(readdirSync(at('named')).sort()).toEqual(names);
    const sha256 = createHash('sha256')
      .update(readFileSync(at('scan.nii.gz')))
      .digest('hex');
    expect(json('named/sub-scan_mask.json')).toMatchObject({
      Type: 'Lesion',
      Sources: ['scan.nii.gz'],
      SourcesSha256: { 'scan.nii.gz': sha256 },
      Score: 'robust z',
      ModelSha256: null,
      SliceGrid: { sourceDims: [60, 50, 12], plane: 'axial' },
    });
    expect(json('named/sub-scan_report.json')).toMatchObject({ sources: [{ name: 'scan.nii.gz', sha256 }] });
    const [lesion] = json('named/sub-scan_lesions.json') as unknown as {
      voxels: number;
      centreMm: number[];
    }[];
    // The bright ball's centre, in RAS+: x runs to the left.
    [-11, 13.75, 12.5].forEach((mm, axis) => expect(lesion?.centreMm[axis]).toBeCloseTo(mm, 0));

    writeFileSync(at('named/sub-scan_mask.nii'), 'edited by hand');
    expect(await segment('scan.nii.gz', ...args)).toBe(1);
    expect(printed.err).toMatch(/exists already and was left alone: --overwrite replaces it/);
    expect(readFileSync(at('named/sub-scan_mask.nii'), 'utf8')).toBe('edited by hand');
    expect(await segment('scan.nii.gz', ...args, '--overwrite')).toBe(0);
    expect(volumeFromNifti(readFileSync(at('named/sub-scan_mask.nii'))).dims).toEqual(dims);
    expect(readdirSync(at('named')).sort()).toEqual(names);
  });

  it('takes one volume of a 4D file and says which', async () => {
    const nifti = niftiBytes({ dims, data: scan, like, description: '' });
    const four = Buffer.concat([nifti, nifti.subarray(352).map((byte) => byte)]);
    four.writeInt16LE(4, 40);
    four.writeInt16LE(2, 48);
    // The first volume is air alone.
    four.fill(0, 352, nifti.length);
    writeFileSync(at('four.nii.gz'), gzipSync(four));
    expect(await segment('four.nii.gz', '--out', at('four'))).toBe(1);
    expect(printed.err).toMatch(/holds 2 volumes.*--volume N chooses it, with N from 0 to 1/);
    expect(await segment('four.nii.gz', '--out', at('four'), '--volume', '1')).toBe(0);
    expect(printed.err).toMatch(/Volume 1 is used, of 2/);
    expect(await segment('scan.nii.gz', '--out', at('four'))).toBe(0);
    expect(voxelsOf('four/four_mask.nii.gz')).toEqual(voxelsOf('four/scan_mask.nii.gz'));
  });

  it('takes an array as one volume, as numpy.save writes what nibabel gives', async () => {
    const [nx, ny, nz] = dims;
    const array = new Float32Array(scan.length);
    for (let x = 0, i = 0; x < nx; x += 1)
      for (let y = 0; y < ny; y += 1)
        for (let z = 0; z < nz; z += 1, i += 1) array[i] = scan[x + nx * (y + ny * z)] as number;
    writeFileSync(at('array.npy'), npyBytes(dims, array));
    expect(await segment('array.npy', '--npy', 'volume', '--out', at('array'))).toBe(0);
    expect(printed.err).toMatch(/does not say where the head lies/);
    const mask = volumeFromNifti(gunzipSync(readFileSync(at('array/array_mask.nii.gz'))));
    expect(mask.dims).toEqual(dims);
    const found = truth.filter((voxel, i) => voxel === 1 && mask.data[i] === 1).length;
    expect(found).toBeGreaterThan(0.6 * truth.reduce((sum, voxel) => sum + voxel, 0));
  });

  it('counts voxels that are no numbers, shows how many, and takes them as background', async () => {
    const holes = scan.slice();
    [7, 8, 9].forEach((i) => (holes[i] = NaN));
    holes[10] = -Infinity;
    writeFileSync(at('holes.nii'), niftiBytes({ dims, data: holes, like, description: '' }));
    expect(await segment('holes.nii', '--out', at('holes'))).toBe(0);
    expect(printed.err).toMatch(/holes\.nii: 4 voxels are not numbers .* taken as background/);
    expect(json('holes/holes_report.json')).toMatchObject({ nonFiniteVoxels: 4 });
    expect(printed.out).toMatch(/1 lesions/);
  });
});

describe('masks that come in', () => {
  /** The truth as someone with another program made it: on a grid of 1 mm cubes, with other axes. */
  beforeAll(() => {
    const cubes: Dims = [130, 120, 70];
    const affine = [0, -1, 0, 60, 1, 0, 0, -62, 0, 0, 1, -30, 0, 0, 0, 1];
    const mask = new Uint8Array(cubes[0] * cubes[1] * cubes[2]);
    for (let z = 0, i = 0; z < cubes[2]; z += 1) {
      for (let y = 0; y < cubes[1]; y += 1) {
        for (let x = 0; x < cubes[0]; x += 1, i += 1) {
          const [right, front, up] = [60 - y, x - 62, z - 30];
          // The ball of the scan, whose x runs to the left.
          if (Math.hypot(right + 11, front - 13.75, up - 12.5) < 9) mask[i] = 1;
        }
      }
    }
    const grid = { dims: cubes, affine, zooms: [1, 1, 1] as const, header: null };
    writeFileSync(at('cubes.nii'), niftiBytes({ dims: cubes, data: mask, like: grid, description: '' }));
    writeFileSync(at('truth.nii'), niftiBytes({ dims, data: truth, like, description: '' }));
  });

  it('on another grid are refused with both grids, and taken over where that is asked for', async () => {
    const evaluate = ['evaluate', '--json', '--prediction', at('cubes.nii'), '--truth', at('truth.nii')];
    expect(await run(...evaluate)).toBe(1);
    expect(printed.err).toMatch(/130x120x70 voxels of 1x1x1 mm .* against 60x50x12 voxels of 2x2\.5x5 mm/);
    expect(printed.err).toMatch(/--resample takes it over/);
    expect(await run(...evaluate, '--resample')).toBe(0);
    const { dice } = JSON.parse(printed.out.slice(printed.out.indexOf('{'))) as { dice: number };
    // The same ball on two grids: they differ at its rim alone. A mirrored or shifted one would share no voxel.
    expect(dice).toBeGreaterThan(0.9);
  });

  it('become the truth of a set, slice by slice where the scan’s are', async () => {
    const prepare = (mask: string, to: string, ...args: string[]): Promise<number> =>
      run(
        ...['prepare', '--reference', `${at('scan.nii.gz')}#0-5`, '--input', at('scan.nii.gz')],
        ...['--truth', at(mask), '--out', at(to), ...args],
      );
    expect(await prepare('cubes.nii', 'set')).toBe(1);
    expect(await prepare('cubes.nii', 'set', '--resample')).toBe(0);
    expect(await prepare('truth.nii', 'own')).toBe(0);
    const [other, own] = ['set', 'own'].map((name) =>
      npyValues(readFileSync(at(`${name}/tumor_mask_for_generator.npy`))),
    ) as [Float32Array, Float32Array];
    const both = other.filter((value, i) => value === 1 && own[i] === 1).length;
    const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);
    expect((2 * both) / (sum(other) + sum(own))).toBeGreaterThan(0.9);
  });

  it('are the brain where the reader has one', async () => {
    const half = Uint8Array.from(scan, (value, i) => Number(value > 0 && i % dims[0] < 30));
    writeFileSync(at('half.nii'), niftiBytes({ dims, data: half, like, description: '' }));
    expect(await segment('scan.nii.gz', '--brain-mask', at('half.nii'), '--out', at('half'))).toBe(0);
    expect(json('half/scan_report.json')).toMatchObject({ brainMask: 'given' });
    // The bright ball lies in the other half.
    expect(voxelsOf('half/scan_mask.nii.gz').reduce((a, b) => a + b, 0)).toBe(0);
    expect(await segment('scan.nii.gz', '--brain-mask', at('cubes.nii'), '--out', at('wrong'))).toBe(1);
    expect(printed.err).toMatch(/cubes\.nii lies on another grid than scan\.nii\.gz/);
    const prepare = (...masks: string[]): Promise<number> =>
      run(
        ...['prepare', '--reference', `${at('scan.nii.gz')}#0-5`, '--input', at('scan.nii.gz')],
        ...[...masks.flatMap((mask) => ['--brain-mask', at(mask)]), '--out', at('half-set')],
      );
    expect(await prepare('half.nii')).toBe(2);
    expect(printed.err).toMatch(/There are 1 brain masks for 2 volumes \(scan\.nii\.gz, scan\.nii\.gz\)/);
    expect(await prepare('half.nii', 'half.nii')).toBe(0);
    expect(json('half-set/index.json')).toMatchObject({ volumes: [{ maskMethod: 'given' }] });
    expect(printed.out).toContain('How each scan was prepared: scan_preparation.png');
    const { width, height, data } = PNG.sync.read(readFileSync(at('half-set/scan_preparation.png')));
    expect([width, height]).toEqual([5 * 244 - 4, 24 + 3 * 244 - 4]);
    // The brain of the second picture is blue in one half alone.
    const blueIn = (from: number): number => {
      let blue = 0;
      for (let y = 24; y < height; y += 1)
        for (let x = from; x < from + 120; x += 1) {
          const i = (y * width + x) * 4;
          if ((data[i + 2] as number) > (data[i] as number) + 20) blue += 1;
        }
      return blue;
    };
    const halves = [blueIn(244), blueIn(364)].sort((a, b) => a - b) as [number, number];
    expect(halves[0]).toBeLessThan(0.05 * halves[1]);
  });
});

describe('the slice grid', () => {
  it('takes the plane and the pixel size that are asked for, and records them', async () => {
    const args = ['--plane', 'coronal', '--spacing', '2.5', '--out', at('coronal')];
    expect(await segment('scan.nii.gz', ...args)).toBe(0);
    const expected = { plane: 'coronal', pixelMm: 2.5, fit: 'spacing', count: 50 };
    expect(json('coronal/scan_report.json')).toMatchObject({ grid: expected });
    expect(json('coronal/scan_mask.json')).toMatchObject({ SliceGrid: expected });
    expect(await segment('scan.nii.gz', '--spacing', '-1', '--out', at('wrong'))).toBe(1);
    expect(printed.err).toMatch(/A pixel cannot be -1 mm wide/);
  });

  it('is kept with the sets and the run, and a scan is sliced for the run as its sets were', async () => {
    const scanPath = at('scan.nii.gz');
    const grid = ['--plane', 'coronal', '--spacing', '2.5'];
    const prepared = [
      '--reference',
      `${scanPath}#20-24`,
      '--input',
      `${scanPath}#25-28`,
      '--out',
      at('sets'),
    ];
    expect(await run('prepare', ...prepared, ...grid)).toBe(0);
    const preparation = { plane: 'coronal', pixelMm: 2.5 };
    const ofScan = { grid: { plane: 'coronal', pixelMm: 2.5, fit: 'spacing', sourceDims: dims } };
    expect(json('sets/index.json')).toMatchObject({ preparation, volumes: [ofScan] });
    const short = ['--width', '1', '--cycles', '1', '--set', 'generatorEpochs=1', '--backend', 'wasm'];
    expect(await run('train', '--data', at('sets'), '--out', at('run'), ...short), printed.err).toBe(0);
    expect(json('run/run.json')).toMatchObject({ preparation, scans: [ofScan] });

    const withRun = (...args: string[]): Promise<number> =>
      run('segment', '--model', at('run'), '--backend', 'wasm', ...args, scanPath);
    expect(await withRun('--out', at('as-trained')), printed.err).toBe(0);
    expect(json('as-trained/scan_mask.json')).toMatchObject({ SliceGrid: ofScan.grid });
    expect(printed.err).not.toMatch(/was trained on/);
    expect(await withRun('--plane', 'axial', '--fit', '--out', at('otherwise'))).toBe(0);
    expect(json('otherwise/scan_mask.json')).toMatchObject({ SliceGrid: { plane: 'axial', fit: 'brain' } });
    expect(printed.err).toMatch(/was trained on coronal slices, and these are axial/);
    expect(printed.err).toMatch(/was trained on pixels of 2\.5 mm/);
  }, 120_000);
});
