import type { Failure } from '../../shared/failure';
import type { SlicePlane } from '../../shared/geometry/sliceGrid';
import type { Agreement } from '../../shared/lesions/agreement';
import type { BaselineDifference } from '../../shared/lesions/difference';
import type { LesionRules } from '../../shared/lesions/lesionMask';
import type { LesionPlace } from '../../shared/lesions/places';
import type { LesionRow } from '../../shared/lesions/table';
import type { TokenFile } from './readToken';

/** A lesion of the table, where to look at it, and which of the anchors that were asked about lie in it. */
export type Lesion = LesionRow & LesionPlace & { readonly anchors: readonly number[] };

/** Asked of the review worker, which holds one scan with its I_ro map, where it has one. */
export type ReviewRequest =
  | {
      readonly type: 'open';
      readonly id: number;
      readonly scan: TokenFile;
      /** In the whole brain where its depth is there too; else without the brain's rim. */
      readonly iro: TokenFile | null;
      readonly isIro: boolean;
      readonly depth: TokenFile | null;
      readonly spread: TokenFile | null;
    }
  /** The lesion mask of the open scan at a threshold. A later request makes an earlier one needless. */
  | {
      readonly type: 'threshold';
      readonly id: number;
      readonly threshold: number;
      readonly rules: LesionRules;
      readonly anchors: readonly number[];
    }
  /** A mask to compare all others with from then on. */
  | { readonly type: 'truth'; readonly truth: Uint8Array }
  /** The mask of the plain threshold on the smoothed scan, to hold all others against from then on. */
  | {
      readonly type: 'baseline';
      readonly id: number;
      readonly score: TokenFile;
      readonly threshold: number;
      readonly rules: LesionRules;
    }
  /** The lesions of an edited mask; the mask is the worker's from then on. */
  | {
      readonly type: 'measure';
      readonly id: number;
      readonly mask: Uint8Array;
      readonly rules: LesionRules;
      readonly anchors: readonly number[];
    };

export interface LesionSummary {
  /** null for an edited mask. */
  readonly threshold: number | null;
  readonly rules: LesionRules;
  readonly lesions: readonly Lesion[];
  /** Slices of each plane with lesion in them. */
  readonly markedSlices: Readonly<Record<SlicePlane, readonly number[]>>;
  readonly totalMm3: number;
  /** With the truth; null where there is none. */
  readonly agreement: Agreement | null;
  /** From the plain threshold's mask; null where that was not asked for. */
  readonly difference: BaselineDifference | null;
}

export type ReviewReply =
  | {
      readonly type: 'opened';
      readonly id: number;
      readonly iro: Float32Array | null;
      readonly depth: Uint8Array | null;
      readonly spread: Float32Array | null;
    }
  | { readonly type: 'baseline'; readonly id: number; readonly mask: Uint8Array }
  | {
      readonly type: 'mask';
      readonly id: number;
      /** null where the mask was given. */
      readonly mask: Uint8Array | null;
      readonly summary: LesionSummary;
    }
  | { readonly type: 'failed'; readonly id: number; readonly failure: Failure };
