import type { Affine } from '../../shared/volume/volume';
import type { SliceLayout } from './slicePlane';

/** A scan as the viewer shows it. The arrays are large: keep them out of Vue's reach. */
export interface ScanVolume {
  readonly layout: SliceLayout;
  readonly affine: Affine;
  /** Voxels for display on the source grid, x fastest; true value = pixel * slope + intercept. */
  readonly pixels: Int16Array;
  readonly slope: number;
  readonly intercept: number;
  /** Smallest and largest pixel. */
  readonly pixelRange: readonly [number, number];
  /** Share of each slice that holds head, 0..1, over the largest: where in the body a slice lies. */
  readonly profile: Float32Array;
  /** Windows for the reader to start from. */
  readonly windows: Readonly<Record<WindowPreset, GreyWindow>>;
}

/** A window in the scan's own unit: what is shown between black and white. */
export interface GreyWindow {
  readonly centre: number;
  readonly width: number;
}

export type WindowPreset = 'auto' | 'contrast' | 'full' | 'bright';
export const windowPresets: readonly { readonly id: WindowPreset; readonly title: string }[] = [
  { id: 'auto', title: 'Automatic' },
  { id: 'contrast', title: 'High contrast' },
  { id: 'full', title: 'Full range' },
  { id: 'bright', title: 'Bright tissue' },
];
