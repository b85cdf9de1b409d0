import { orientationCodes } from '../../shared/geometry/affine';
import { planeOrientation } from '../../shared/geometry/sliceGrid';
import type { HeadExtent } from '../../shared/imaging/headLevels';
import { MIN_BRAIN_MM2, nonFiniteWarning } from '../../shared/imaging/preparation';
import { trueValues } from '../../shared/volume/nifti';
import type { Triple, Volume } from '../../shared/volume/volume';
import type { GreyWindow, ScanVolume, WindowPreset } from '../viewer/scanVolume';
import { layoutOf, type SliceLayout } from '../viewer/slicePlane';

/** What the tables say about a scan; small, and safe to make reactive. */
export interface ScanFacts {
  readonly dims: Triple;
  readonly zooms: Triple;
  /** Towards which side each voxel axis runs, e.g. "LAS". */
  readonly orientation: string;
  readonly plane: SliceLayout['plane'];
  readonly sliceCount: number;
  /** Which slices show enough head to learn from; null where that is not known. */
  readonly head: HeadExtent | null;
  readonly warnings: readonly string[];
}

export interface ParsedScan {
  readonly facts: ScanFacts;
  readonly volume: ScanVolume;
  /** The middle slice as a data URL; null where none can be drawn. */
  readonly thumbnail: string | null;
}

/** Makes a volume ready for the viewer. @throws ExpectedError for a scan in which nothing can be seen. */
export function parseScan(volume: Volume): Omit<ParsedScan, 'thumbnail'> {
  const { values, nonFinite } = trueValues(volume);
  const layout = layoutOf(planeOrientation(volume));
  const { dark, ...shown } = displayPixels(values);
  const warnings = [...volume.warnings];
  if (nonFinite > 0) warnings.push(nonFiniteWarning(nonFinite));
  const shownPixels = pixelsOfHead(shown.pixels, layout, dark);
  return {
    facts: {
      dims: [...volume.dims],
      zooms: [...volume.zooms],
      orientation: orientationCodes(volume.affine),
      plane: layout.plane,
      sliceCount: layout.count,
      head: headExtent(shownPixels, layout, volume.zooms),
      warnings,
    },
    volume: { layout, affine: volume.affine, ...shown, profile: share(shownPixels) },
  };
}

/** Levels between black and white in the pixels; cornerstone looks each up in a table. */
const levels = 16_383;

/**
 * Values as whole numbers, with one scale for the whole volume so that slices compare. The scale ends at four times the
 * 99.9th percentile: a few hot voxels must not cost all others their levels.
 */
function displayPixels(
  values: Float32Array,
): Pick<ScanVolume, 'pixels' | 'slope' | 'intercept' | 'pixelRange' | 'windows'> & { dark: number } {
  const { low, high, background, counts } = coarseHistogram(values);
  const p = (share: number): number => percentile(counts, low, high, share);
  const top = Math.min(high, low + 4 * Math.max(p(0.999) - low, (high - low) / 1000));
  const range = top > low ? top - low : 1;
  const slope = range / levels;
  const pixels = new Int16Array(values.length);
  for (let i = 0; i < values.length; i += 1) {
    const level = ((values[i] as number) - low) / slope;
    pixels[i] = level >= levels ? levels : Math.round(level);
  }
  const between = (from: number, to: number): GreyWindow => ({
    centre: (from + to) / 2,
    width: Math.max(to - from, range / 1000),
  });
  const windows: Record<WindowPreset, GreyWindow> = {
    auto: between(background, p(0.995)),
    contrast: between(p(0.25), p(0.98)),
    full: between(low, low + range),
    bright: between(p(0.7), p(0.9995)),
  };
  const dark = (background - low) / slope + 0.03 * levels;
  return { pixels, slope, intercept: low, pixelRange: [0, levels], windows, dark };
}

const coarseBins = 4096;

/**
 * Counts over the whole range. Background is left out of the counts where there is plenty of it: 0 (of a skull-stripped
 * scan, where a correction may have left values below it), else the lowest level.
 */
function coarseHistogram(values: Float32Array): {
  low: number;
  high: number;
  background: number;
  counts: Float64Array;
} {
  let low = Infinity;
  let high = -Infinity;
  let zeros = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number;
    if (value < low) low = value;
    if (value > high) high = value;
    if (value === 0) zeros += 1;
  }
  const level = zeros > values.length / 20 ? 0 : low;
  const counts = new Float64Array(coarseBins);
  const scale = high > low ? coarseBins / (high - low) : 0;
  let background = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number;
    if (value === level) background += 1;
    const bin = Math.min(coarseBins - 1, Math.floor((value - low) * scale));
    counts[bin] = (counts[bin] as number) + 1;
  }
  if (background > values.length / 20 && background < values.length) {
    const bin = Math.min(coarseBins - 1, Math.floor((level - low) * scale));
    counts[bin] = (counts[bin] as number) - background;
  }
  return { low, high, background: level, counts };
}

function percentile(counts: Float64Array, low: number, high: number, share: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (let bin = 0; bin < counts.length; bin += 1) {
    seen += counts[bin] as number;
    if (seen >= share * total) return low + ((bin + 1) / counts.length) * (high - low);
  }
  return high;
}

/** The first and the last slice that shows as much head as a slice needs to be learned from. */
function headExtent(found: Float32Array, layout: SliceLayout, zooms: Triple): HeadExtent | null {
  const pixelMm2 = layout.columnMm * layout.rowMm;
  const isHead = (pixels: number): boolean => pixels * pixelMm2 >= MIN_BRAIN_MM2;
  const first = found.findIndex(isHead);
  if (first < 0) return null;
  let last = found.length - 1;
  while (!isHead(found[last] as number)) last -= 1;
  return { first, last, sliceMm: zooms[layout.axes[2] as 0 | 1 | 2] };
}

/** Over the most of any slice. */
function share(found: Float32Array): Float32Array {
  const most = found.reduce((a, b) => Math.max(a, b), 1);
  return found.map((value) => value / most);
}

/** For each slice, how many pixels stand out of the dark. */
function pixelsOfHead(pixels: Int16Array, layout: SliceLayout, dark: number): Float32Array {
  const [nx, ny, nz] = layout.dims;
  const axis = layout.axes[2];
  const found = new Float32Array(layout.count);
  let at = 0;
  for (let z = 0; z < nz; z += 1) {
    for (let y = 0; y < ny; y += 1) {
      for (let x = 0; x < nx; x += 1, at += 1) {
        if ((pixels[at] as number) <= dark) continue;
        const k = axis === 0 ? x : axis === 1 ? y : z;
        const slice = layout.flips[2] ? layout.count - 1 - k : k;
        found[slice] = (found[slice] as number) + 1;
      }
    }
  }
  return found;
}
