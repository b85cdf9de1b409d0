import { ExpectedError } from '../../../shared/failure';
import type { Device } from '../../../shared/ipc/engineEvents';
import { trainingBytes, whatFits } from '../../../shared/study/memory';
import type { TrainingSettings } from '../../../shared/study/trainingSettings';
import { availableBytes } from '../availableMemory';

/** What the window's scans are prepared to. */
export const WINDOW_SLICE = { height: 160, width: 160 };

/** Room left for the window and for whatever else runs, as a share of what is free. */
const SPARED = 0.1;

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GB`;

/**
 * Holds what a training will need against what is free, for a process that takes more than there is dies without a word.
 * @param slice sides of a slice in pixels
 * @param available what is free, in bytes
 * @throws ExpectedError out-of-memory, with both numbers and what would fit
 */
export function refuseTooLittleMemory(
  settings: TrainingSettings,
  slice: { readonly height: number; readonly width: number },
  { backend }: Pick<Device, 'backend'>,
  available = availableBytes(),
): void {
  // A GPU has a memory of its own, and says itself when a batch does not fit (see BatchPieces).
  if (backend === 'native-gpu') return;
  const kind = backend === 'wasm' ? 'wasm' : 'native';
  const needed = trainingBytes(settings, slice, kind);
  const usable = available * (1 - SPARED);
  if (needed <= usable) return;
  const { batches, width } = whatFits(settings, slice, kind, usable);
  const ways = [
    ...(width === null ? [] : [`a width of at most ${width}`]),
    ...(batches === null
      ? []
      : [
          `smaller batches (generatorBatch ${batches.generatorBatch}, discriminatorBatch ${batches.discriminatorBatch})`,
        ]),
    'close other programs',
  ];
  throw new ExpectedError(
    'out-of-memory',
    `This training needs about ${gigabytes(needed)} of memory, and ${gigabytes(available)} are free: choose ${ways.join(', or ')}.`.replace(
      'choose close',
      'close',
    ),
  );
}
