import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyAffine, multiplyAffines, orientationCodes, qformAffine } from '../../../shared/geometry/affine';
import { resampleVolume } from '../../../shared/geometry/resampleVolume';
import { dilate, erode } from '../../../shared/imaging/morphology';
import { percentileOfSorted } from '../../../shared/imaging/percentiles';
import { smoothInMask } from '../../../shared/imaging/smoothing';
import { fillHoles, labelComponents, type Connectivity } from '../../../shared/lesions/components';
import { createRandom, type Random } from '../../../shared/random';
import type { Dims } from '../../../shared/volume/volume';
import { oraclePython, runOracle } from '../../helpers/oracles';

interface Answers {
  readonly components: { readonly count: number; readonly labels: number[] }[];
  readonly fill: { readonly whole: number[]; readonly slices: number[] }[];
  readonly morphology: { readonly erode: number[]; readonly dilate: number[] }[];
  readonly smooth: number[][];
  readonly percentiles: number[][];
  readonly orientation: string[];
  readonly resample: { readonly linear: number[]; readonly nearest: number[]; readonly tie: boolean[] }[];
}

const random = createRandom(31);

/** Noise that hangs together: with a share near one half it has many components, holes and bridges. */
function randomMask(dims: Dims, share: number): number[] {
  return Array.from({ length: dims[0] * dims[1] * dims[2] }, () => Number(random.next() < share));
}

function randomDims(source: Random): Dims {
  return [1 + source.integer(12), 1 + source.integer(11), 1 + source.integer(9)];
}

const components = Array.from({ length: 60 }, (_, i) => {
  const dims = randomDims(random);
  const mask = randomMask(dims, 0.1 + 0.8 * random.next());
  return { dims, mask, connectivity: ([6, 18, 26] as const)[i % 3] as Connectivity };
});
const fill = Array.from({ length: 45 }, (_, i) => {
  const dims = randomDims(random);
  return { dims, mask: randomMask(dims, 0.5 + 0.4 * random.next()), axis: (i % 3) as 0 | 1 | 2 };
});
const morphology = Array.from({ length: 40 }, (_, i) => {
  const dims = randomDims(random);
  return { dims, mask: randomMask(dims, i % 2 ? 0.92 : 0.06), steps: 1 + (i % 3) };
});
const smooth = Array.from({ length: 12 }, () => {
  const dims: Dims = [3 + random.integer(14), 3 + random.integer(12), 3 + random.integer(10)];
  return {
    dims,
    mask: randomMask(dims, 0.6),
    values: Array.from({ length: dims[0] * dims[1] * dims[2] }, () => Math.fround(random.uniform(-50, 300))),
    zooms: [random.uniform(0.4, 1.2), random.uniform(0.4, 1.2), random.uniform(0.8, 3)] as const,
    sigmaMm: random.uniform(0.7, 2),
  };
});
const percentiles = [1, 2, 5, 1000].map((length) => ({
  values: Array.from({ length }, () => Math.fround(random.normal())),
  at: [0, 0.5, 25, 50, 99.95, 100],
}));
/**
 * Scans as they are made: any axis order, tilted by up to 35 degrees about any axis, anisotropic, a little sheared. (Where
 * two voxel axes are closest to the same side of the head, nibabel 5.3 and 5.4 differ from one another.)
 */
const orientation = Array.from({ length: 400 }, () => {
  const axis = [random.normal(), random.normal(), random.normal()];
  const length = Math.hypot(...axis);
  const angle = random.uniform(0, (35 / 180) * Math.PI);
  const [b, c, d] = axis.map((part) => (part / length) * Math.sin(angle / 2)) as [number, number, number];
  const tilt = qformAffine([b, c, d], [1, 1, 1], 1, [0, 0, 0]);
  const order = [0, 1, 2].map((column) => ({
    column,
    key: random.next(),
    sign: random.next() < 0.5 ? -1 : 1,
  }));
  order.sort((p, q) => p.key - q.key);
  const scanner = Array<number>(16).fill(0);
  order.forEach(({ column, sign }, row) => (scanner[row * 4 + column] = sign * random.uniform(0.4, 5)));
  scanner[15] = 1;
  const affine = [...multiplyAffines(tilt, scanner)];
  for (const i of [0, 1, 2, 4, 5, 6, 8, 9, 10])
    affine[i] = (affine[i] as number) + random.uniform(-0.01, 0.01);
  return affine;
});

/** Two grids of one head: turned against each other, of other sizes, flipped or not, partly beside one another. */
const resample = Array.from({ length: 16 }, () => {
  const part = (): number => random.uniform(-0.4, 0.4);
  const side = (): number => random.uniform(0.6, 2);
  const size = (): number => 3 + random.integer(9);
  const grid = (): { dims: Dims; affine: number[] } => {
    const dims: Dims = [size(), size(), size()];
    const affine = [
      ...qformAffine(
        [part(), part(), part()],
        [side(), side(), side()],
        random.next() < 0.5 ? 1 : -1,
        [0, 0, 0],
      ),
    ];
    // Their middles lie within 2 mm of one another.
    const middle = applyAffine(affine, [dims[0] / 2, dims[1] / 2, dims[2] / 2]);
    middle.forEach((value, row) => (affine[row * 4 + 3] = 2 * part() - value));
    return { dims, affine };
  };
  const [source, target] = [grid(), grid()];
  return {
    dims: source.dims,
    targetDims: target.dims,
    source: source.affine,
    target: target.affine,
    values: Array.from({ length: source.dims[0] * source.dims[1] * source.dims[2] }, () =>
      Math.fround(random.uniform(-5, 5)),
    ),
  };
});

describe.skipIf(oraclePython() === null)('image work, held against SciPy and nibabel', () => {
  let answers: Answers;

  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'asc-net-imaging-'));
    const cases = { components, fill, morphology, smooth, percentiles, orientation, resample };
    writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
    runOracle(join(import.meta.dirname, 'imagingOracle.py'), [folder]);
    answers = JSON.parse(readFileSync(join(folder, 'answers.json'), 'utf8')) as Answers;
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
  });

  it('labels the components that scipy.ndimage.label does, 6-, 18- and 26-connected', () => {
    components.forEach(({ dims, mask, connectivity }, i) => {
      const ours = labelComponents(Uint8Array.from(mask), dims, connectivity);
      const theirs = answers.components[i];
      expect(ours.count).toBe(theirs?.count);
      // SciPy numbers in the order in which the last axis runs fastest: the parting has to be the same, not the numbers.
      const names = new Map<number, number>();
      theirs?.labels.forEach((label, at) => {
        const mine = ours.labels[at] as number;
        expect(mine === 0).toBe(label === 0);
        if (label === 0) return;
        if (!names.has(label)) names.set(label, mine);
        expect(mine).toBe(names.get(label));
      });
    });
  });

  it('fills the holes that scipy.ndimage.binary_fill_holes does, in 3D and in slices', () => {
    fill.forEach(({ dims, mask, axis }, i) => {
      expect([...fillHoles(Uint8Array.from(mask), dims)]).toEqual(answers.fill[i]?.whole);
      expect([...fillHoles(Uint8Array.from(mask), dims, axis)]).toEqual(answers.fill[i]?.slices);
    });
  });

  it('erodes and dilates as SciPy', () => {
    morphology.forEach(({ dims, mask, steps }, i) => {
      expect([...erode(Uint8Array.from(mask), dims, steps)]).toEqual(answers.morphology[i]?.erode);
      expect([...dilate(Uint8Array.from(mask), dims, steps)]).toEqual(answers.morphology[i]?.dilate);
    });
  });

  it('smooths inside a mask as the quotient of two scipy.ndimage.gaussian_filter', () => {
    smooth.forEach(({ dims, mask, values, zooms, sigmaMm }, i) => {
      const ours = smoothInMask(Float32Array.from(values), Uint8Array.from(mask), dims, zooms, sigmaMm);
      const worst = (answers.smooth[i] ?? []).reduce(
        (most, value, at) => Math.max(most, Math.abs(value - (ours[at] as number))),
        0,
      );
      expect(ours).toHaveLength(answers.smooth[i]?.length ?? -1);
      expect(worst).toBeLessThan(1e-3);
    });
  });

  it('finds the percentiles that numpy does', () => {
    percentiles.forEach(({ values, at }, i) => {
      const sorted = Float32Array.from(values).sort();
      at.forEach((percentile, k) => {
        expect(percentileOfSorted(sorted, percentile)).toBeCloseTo(answers.percentiles[i]?.[k] ?? NaN, 6);
      });
    });
  });

  it('names the orientation of any affine as nibabel does', () => {
    expect(orientation.map((affine) => orientationCodes(affine))).toEqual(answers.orientation);
  });

  it('resamples onto another grid as scipy.ndimage.affine_transform', () => {
    let inside = 0;
    resample.forEach(({ dims, targetDims, source, target, values }, i) => {
      const answer = answers.resample[i];
      const from = { dims, affine: source };
      const onto = { dims: targetDims, affine: target };
      const linear = resampleVolume(Float32Array.from(values), from, onto, 'linear', -7);
      const nearest = resampleVolume(Float32Array.from(values), from, onto, 'nearest', -7);
      expect(linear).toHaveLength(answer?.linear.length ?? -1);
      let wrong = 0;
      answer?.linear.forEach((value, at) => {
        if (value !== -7) inside += 1;
        wrong += Number(Math.abs(value - (linear[at] as number)) > 1e-4);
        wrong += Number(
          !answer.tie[at] && Math.abs((answer.nearest[at] as number) - (nearest[at] as number)) > 1e-6,
        );
      });
      expect(wrong).toBe(0);
    });
    expect(inside).toBeGreaterThan(200);
  });
});
