import { defaultPreparation, type Preparation } from '../imaging/preparation';
import type { PresetName } from './trainingSettings';

/**
 * For the preset ms-flair: robust z, because percentiles follow the load of lesions; smoothing of 0.8 mm, at which a plain
 * threshold on real FLAIR does best; 1 mm a pixel, the same for every scan as lesions are, because coarser pixels lose the
 * small ones (docs/lesions.md), in slices of 208 mm, which hold any brain; neighbours at 2 mm, within the 3 mm that a lesion
 * measures at least.
 */
const flair: Preparation = {
  ...defaultPreparation,
  normalisation: 'robust-z',
  smoothingMm: 0.8,
  pixelMm: 1,
  sidePixels: 208,
  neighbourMm: 2,
};

/** How the scans of a preset are prepared. */
export function preparationOf(preset: PresetName): Preparation {
  return preset === 'ms-flair' ? flair : defaultPreparation;
}
