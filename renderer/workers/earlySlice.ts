import { planeOrientation } from '../../shared/geometry/sliceGrid';
import { isNpy } from '../../shared/volume/declaredSize';
import { niftiPlane, readNiftiHeader, volumesInFile, type NiftiPlane } from '../../shared/volume/nifti';
import type { NiftiHeader } from '../../shared/volume/volume';
import { copySlice, layoutOf, slicePlanes } from '../viewer/slicePlane';

/** A slice of a scan that is still being read, for a look at it: grey values 0..255, as the viewer lays them out. */
export interface EarlySlice {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Height of a pixel over its width. */
  readonly pixelAspect: number;
  /** Place in the file, from 1, and how many there are. */
  readonly number: number;
  readonly count: number;
}

/** Finds slices to show in the bytes of a scan as they come in. */
export class EarlySlices {
  #header: NiftiHeader | null = null;
  #shownAt = -Infinity;
  #next = 0;

  /**
   * The newest slice that is whole and shows something; null while there is none, and for a while after each, so that
   * looking costs little beside reading.
   * @param bytes what there is of the file: its header at least
   */
  take(bytes: Uint8Array, nowMs: number): EarlySlice | null {
    if (isNpy(bytes) || nowMs - this.#shownAt < 150) return null;
    this.#header ??= readNiftiHeader(bytes);
    if (this.#header.pair || volumesInFile(this.#header) > 1) return null;
    const { voxOffsetBytes, planeBytes, count } = niftiPlane.sizeOf(this.#header);
    const newest = Math.min(count, Math.floor((bytes.length - voxOffsetBytes) / planeBytes)) - 1;
    if (newest < this.#next) return null;
    this.#next = newest + 1;
    const slice = pictureOf(niftiPlane.read(this.#header, bytes, newest), newest, count);
    if (slice) this.#shownAt = nowMs;
    return slice;
  }
}

function pictureOf(plane: NiftiPlane, k: number, count: number): EarlySlice | null {
  const { values, dims, affine, zooms } = plane;
  const volume = { dims, affine, zooms };
  const orientation = slicePlanes
    .map((name) => planeOrientation(volume, name))
    .find(({ axes }) => axes[2] === 2);
  const sorted = values.slice().sort();
  const low = sorted[0] as number;
  const high = sorted[Math.floor(0.995 * (sorted.length - 1))] as number;
  if (!orientation || !(high > low)) return null;
  const layout = layoutOf(orientation);
  const { columns, rows } = layout;
  const laid = copySlice(values, layout, 0, new Float32Array(columns * rows));
  return {
    pixels: Uint8Array.from(laid, (value) => Math.min(255, Math.round(((value - low) / (high - low)) * 255))),
    width: columns,
    height: rows,
    pixelAspect: layout.rowMm / layout.columnMm,
    number: k + 1,
    count,
  };
}
