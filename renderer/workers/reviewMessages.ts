import type { Failure } from '../../shared/failure';
import type { LesionRow } from '../../shared/lesions/table';

/** Asked of the review worker, which holds one scan with its I_ro map. */
export type ReviewRequest =
  | {
      readonly type: 'open';
      readonly id: number;
      readonly scan: { readonly token: string; readonly name: string };
      readonly iro: { readonly token: string; readonly name: string };
    }
  /** The lesion mask of the open scan at a threshold. A later request makes an earlier one needless. */
  | { readonly type: 'threshold'; readonly id: number; readonly threshold: number };

export interface LesionSummary {
  readonly threshold: number;
  readonly lesions: readonly LesionRow[];
  /** Slices (of the slice layout) with lesion in them. */
  readonly markedSlices: readonly number[];
  readonly totalMm3: number;
}

export type ReviewReply =
  | { readonly type: 'opened'; readonly id: number; readonly iro: Float32Array }
  | {
      readonly type: 'mask';
      readonly id: number;
      readonly mask: Uint8Array;
      readonly summary: LesionSummary;
    }
  | { readonly type: 'failed'; readonly id: number; readonly failure: Failure };
