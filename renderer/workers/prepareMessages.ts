import type { Failure } from '../../shared/failure';
import type { OfContrasts } from '../../shared/imaging/contrasts';
import type { Preparation, PreparedVolume } from '../../shared/imaging/preparation';
import type { GreyPicture, PreparationPictures } from '../../shared/imaging/preparationPictures';
import type { PastedLesionSettings } from '../../shared/study/trainingSettings';
import type { TokenFile } from './readToken';

/** How a scan was prepared, in a few words and numbers. */
export interface PreparedFacts extends Pick<
  PreparedVolume['grid'],
  'plane' | 'count' | 'pixelMm' | 'fit' | 'height' | 'width'
> {
  readonly maskMethod: PreparedVolume['maskMethod'];
  /** Which slices show enough brain. */
  readonly brainSlices: readonly number[];
  readonly warnings: readonly string[];
}

/** What a network is taught with a slice: it is shown `pasted`, and asked for `healthy` and for the mask. */
export interface PastedPictures {
  readonly healthy: GreyPicture;
  readonly pasted: GreyPicture;
  /** 1 where a lesion was pasted. */
  readonly mask: Uint8Array;
  readonly count: number;
}

/** Asked of the prepare worker; of each kind only the newest is answered. */
export type PrepareRequest =
  | {
      readonly type: 'prepare';
      readonly id: number;
      readonly scan: TokenFile;
      readonly brain: TokenFile | null;
      /** Those that the preparation names. */
      readonly contrasts: OfContrasts<TokenFile>;
      readonly preparation: Preparation;
    }
  | { readonly type: 'slice'; readonly id: number; readonly slice: number }
  /** Lesions pasted into a slice as the training does. */
  | {
      readonly type: 'paste';
      readonly id: number;
      readonly slice: number;
      readonly settings: PastedLesionSettings;
      readonly seed: number;
    };

export type PrepareReply =
  | { readonly type: 'prepared'; readonly id: number; readonly facts: PreparedFacts }
  | {
      readonly type: 'pictures';
      readonly id: number;
      readonly slice: number;
      readonly pictures: PreparationPictures;
    }
  | { readonly type: 'pasted'; readonly id: number; readonly pictures: PastedPictures }
  | { readonly type: 'failed'; readonly id: number; readonly failure: Failure };
