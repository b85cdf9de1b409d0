import type { Failure } from '../../shared/failure';
import type { Preparation, PreparedVolume } from '../../shared/imaging/preparation';
import type { PreparationPictures } from '../../shared/imaging/preparationPictures';
import type { TokenFile } from './readToken';

/** How a scan was prepared, in a few words and numbers. */
export interface PreparedFacts extends Pick<
  PreparedVolume['grid'],
  'plane' | 'count' | 'pixelMm' | 'fit' | 'height' | 'width'
> {
  readonly maskMethod: PreparedVolume['maskMethod'];
  readonly warnings: readonly string[];
}

/** Asked of the prepare worker; of each kind only the newest is answered. */
export type PrepareRequest =
  | {
      readonly type: 'prepare';
      readonly id: number;
      readonly scan: TokenFile;
      readonly brain: TokenFile | null;
      readonly preparation: Preparation;
    }
  | { readonly type: 'slice'; readonly id: number; readonly slice: number };

export type PrepareReply =
  | { readonly type: 'prepared'; readonly id: number; readonly facts: PreparedFacts }
  | {
      readonly type: 'pictures';
      readonly id: number;
      readonly slice: number;
      readonly pictures: PreparationPictures;
    }
  | { readonly type: 'failed'; readonly id: number; readonly failure: Failure };
