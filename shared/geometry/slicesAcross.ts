import type { Dims, Triple } from '../volume/volume';
import { planeOrientation, type SlicePlane } from './sliceGrid';

/** What is kept of where a scan's voxels lie. */
export interface GridFacts {
  readonly dims: Dims;
  readonly zooms: Triple;
  /** Towards which side each voxel axis runs, e.g. "LAS". */
  readonly orientation: string;
}

/** Letters of the world axes, in their direction and against it. */
const sides = ['RL', 'AP', 'SI'] as const;

/**
 * The plane of a scan's slices and how many there are, without its affine: of that only the closest axes count.
 * @param plane null for the plane that a scan has by itself (see planeOrientation)
 */
export function slicesAcross(
  { dims, zooms, orientation }: GridFacts,
  plane: SlicePlane | null,
): { readonly plane: SlicePlane; readonly sliceCount: number } {
  const affine = Array<number>(16).fill(0);
  affine[15] = 1;
  [...orientation].forEach((letter, axis) => {
    const world = sides.findIndex((pair) => pair.includes(letter));
    const sign = sides[world]?.indexOf(letter) === 0 ? 1 : -1;
    affine[4 * world + axis] = sign * (zooms[axis] as number);
  });
  const { plane: chosen, axes } = planeOrientation({ dims, affine, zooms }, plane ?? undefined);
  return { plane: chosen, sliceCount: dims[axes[2] as 0 | 1 | 2] };
}
