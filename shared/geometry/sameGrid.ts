import type { Volume } from '../volume/volume';

/**
 * Whether voxels of two volumes are the same places. Positions may differ by a thousandth of a voxel (rounding of
 * headers); where one of the two has no header (.npy), equal numbers of voxels are all that can be asked.
 */
export function sameGrid(a: GridOf, b: GridOf): boolean {
  const sameDims = a.dims.every((side, axis) => side === b.dims[axis]);
  if (!sameDims || a.header === null || b.header === null) return sameDims;
  const slackMm = 1e-3 * Math.min(...b.zooms);
  return a.affine.every((value, i) => Math.abs(value - (b.affine[i] as number)) < slackMm);
}

/** Both grids, for a message: "60x50x12 voxels of 2x2.5x5 mm at (59, -61.25, -27.5) against ...". */
export function showGrids(a: GridOf, b: GridOf): string {
  const place = ({ affine, header }: GridOf): string =>
    header === null
      ? 'nowhere in particular'
      : `(${[3, 7, 11].map((i) => +(affine[i] as number).toFixed(2)).join(', ')})`;
  const show = (volume: GridOf): string =>
    `${volume.dims.join('x')} voxels of ${volume.zooms.map((mm) => +mm.toFixed(3)).join('x')} mm at ${place(volume)}`;
  return `${show(a)} against ${show(b)}`;
}

type GridOf = Pick<Volume, 'dims' | 'affine' | 'zooms' | 'header'>;
