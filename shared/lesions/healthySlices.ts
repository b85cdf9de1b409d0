import type { SliceGrid } from '../geometry/sliceGrid';

/**
 * Slices of a grid in which a lesion mask has at most so much area: where a reader has drawn nothing, the slice is healthy.
 * @param mask on the source grid, x fastest; what is not 0 is lesion
 */
export function healthySlices(
  mask: Uint8Array,
  grid: Pick<SliceGrid, 'sourceDims' | 'sourceZooms' | 'axes' | 'flips' | 'count'>,
  mostMm2: number,
): number[] {
  const [nx, ny, nz] = grid.sourceDims;
  const axis = grid.axes[2] as 0 | 1 | 2;
  const voxels = new Float64Array(grid.count);
  let i = 0;
  for (let z = 0; z < nz; z += 1) {
    for (let y = 0; y < ny; y += 1) {
      for (let x = 0; x < nx; x += 1, i += 1) {
        if (mask[i] === 0) continue;
        const at = [x, y, z][axis] as number;
        const slice = grid.flips[2] ? grid.count - 1 - at : at;
        voxels[slice] = (voxels[slice] as number) + 1;
      }
    }
  }
  const others = ([0, 1, 2] as const).filter((other) => other !== axis) as [0 | 1 | 2, 0 | 1 | 2];
  const voxelMm2 = grid.sourceZooms[others[0]] * grid.sourceZooms[others[1]];
  return Array.from({ length: grid.count }, (_, slice) => slice).filter(
    (slice) => (voxels[slice] as number) * voxelMm2 <= mostMm2,
  );
}
