import type { SliceGrid } from '../geometry/sliceGrid';

/** Where a mask comes from: what its JSON file beside it says. */
export interface MaskOrigin {
  /** Name and version of this program. */
  readonly software: { readonly name: string; readonly version: string };
  /** The files it was made from, by their names (never their folders) and SHA-256. */
  readonly sources: readonly { readonly name: string; readonly sha256: string }[];
  /** The mask is where the score lies above the threshold; null where it was not made by one, or was edited since. */
  readonly threshold: number | null;
  readonly score: 'I_ro' | 'robust z';
  /** SHA-256 of the model's weights; null where there was no model. */
  readonly modelSha256: string | null;
  /** How the scan became slices and the slices the mask; null where that is not known. */
  readonly grid: SliceGrid | null;
  /** BIDS: the image whose space the mask is in; left out unless said. */
  readonly spatialReference?: string;
  /** What a reader has decided on it; left out where nobody has looked at it. */
  readonly review?: unknown;
}

/**
 * The JSON sidecar of a lesion mask, in the terms of the Brain Imaging Data Structure (BIDS 1.8, "Imaging data
 * derivatives": Type, Sources, GeneratedBy); what BIDS has no field for has a name of its own.
 */
export function maskSidecar(origin: MaskOrigin): string {
  const { software, sources, threshold, score, modelSha256, grid, spatialReference, review } = origin;
  return JSON.stringify(
    {
      Type: 'Lesion',
      Description: 'Lesion mask: 1 in lesions, 0 elsewhere. For research; not a medical device.',
      ...(spatialReference === undefined ? {} : { SpatialReference: spatialReference }),
      Sources: sources.map(({ name }) => name),
      SourcesSha256: Object.fromEntries(sources.map(({ name, sha256 }) => [name, sha256])),
      GeneratedBy: [{ Name: software.name, Version: software.version }],
      Score: score,
      Threshold: threshold,
      ModelSha256: modelSha256,
      SliceGrid: grid,
      ...(review === undefined ? {} : { Review: review }),
    },
    null,
    1,
  );
}

/** The sidecar's name beside a mask: x_mask.nii.gz has x_mask.json. */
export function sidecarName(maskName: string): string {
  return `${maskName.replace(/\.nii(\.gz)?$/i, '')}.json`;
}
