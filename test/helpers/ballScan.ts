import { centredAffine } from '../../shared/geometry/affine';
import { createRandom } from '../../shared/random';
import type { Dims, Triple, Volume } from '../../shared/volume/volume';

/** A grey ball of 55 mm radius with noise, and a bright ball of 9 mm in it: a head with one lesion. */
export interface BallScan {
  readonly like: Volume;
  readonly scan: Float32Array;
  readonly truth: Uint8Array;
}

/** On an anisotropic grid, with dims and zooms that no axis shares. */
export function ballScan(dims: Dims = [60, 50, 12], zooms: Triple = [2, 2.5, 5]): BallScan {
  const random = createRandom(5);
  const scan = new Float32Array(dims[0] * dims[1] * dims[2]);
  const truth = new Uint8Array(scan.length);
  let i = 0;
  for (let z = 0; z < dims[2]; z += 1) {
    for (let y = 0; y < dims[1]; y += 1) {
      for (let x = 0; x < dims[0]; x += 1, i += 1) {
        const centred = [x - (dims[0] - 1) / 2, y - (dims[1] - 1) / 2, z - (dims[2] - 1) / 2];
        const [right, front, up] = centred.map((voxels, axis) => voxels * (zooms[axis] as number)) as [
          number,
          number,
          number,
        ];
        if (Math.hypot(right, front, up) < 55) scan[i] = 100 + random.uniform(-4, 4);
        if (Math.hypot(right - 11, front - 13.75, up - 12.5) < 9) {
          scan[i] = 180;
          truth[i] = 1;
        }
      }
    }
  }
  const affine = centredAffine(dims, zooms);
  const like: Volume = {
    dims,
    data: scan,
    slope: 1,
    intercept: 0,
    affine,
    zooms,
    header: null,
    warnings: [],
  };
  return { like, scan, truth };
}
