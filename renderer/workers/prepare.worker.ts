import '../ipc/withoutEval';
import { ExpectedError, toFailure } from '../../shared/failure';
import { sameGrid } from '../../shared/geometry/sameGrid';
import { prepareVolume } from '../../shared/imaging/preparation';
import { preparationPictures } from '../../shared/imaging/preparationPictures';
import { trueValues } from '../../shared/volume/nifti';
import type { Volume } from '../../shared/volume/volume';
import { openVolume } from './openVolume';
import type { PrepareReply, PrepareRequest } from './prepareMessages';
import type { TokenFile } from './readToken';
import { workerScope } from './workerScope';

const scope = workerScope<PrepareRequest, PrepareReply>();
let picturesOf: ReturnType<typeof preparationPictures> | null = null;
/** The scan that was read last: other settings need not read it again. */
let read: { readonly token: string; readonly volume: Volume } | null = null;
let newest = 0;

scope.onMessage((request) => {
  if (request.type === 'prepare') void prepare(request);
  else if (picturesOf)
    scope.post({
      type: 'pictures',
      id: request.id,
      slice: request.slice,
      pictures: picturesOf(request.slice),
    });
});

async function prepare({
  id,
  scan,
  brain,
  preparation,
}: Extract<PrepareRequest, { type: 'prepare' }>): Promise<void> {
  newest = id;
  picturesOf = null;
  try {
    const volume = read?.token === scan.token ? read.volume : await openVolume(scan);
    read = { token: scan.token, volume };
    const mask = brain ? await brainOn(volume, scan, brain) : null;
    if (newest !== id) return;
    const prepared = prepareVolume(volume, { preparation, ...(mask ? { brain: mask } : {}) });
    const { plane, count, pixelMm, fit, height, width } = prepared.grid;
    const { maskMethod, warnings } = prepared;
    picturesOf = preparationPictures(prepared);
    scope.post({
      type: 'prepared',
      id,
      facts: { plane, count, pixelMm, fit, height, width, maskMethod, warnings },
    });
  } catch (thrown) {
    if (newest === id) scope.post({ type: 'failed', id, failure: toFailure(thrown) });
  }
}

async function brainOn(volume: Volume, scan: TokenFile, brain: TokenFile): Promise<Uint8Array> {
  const mask = await openVolume(brain);
  if (!sameGrid(mask, volume)) {
    throw new ExpectedError(
      'shape-mismatch',
      `${brain.name} is no longer on the grid of ${scan.name}: choose the brain mask again.`,
    );
  }
  return Uint8Array.from(trueValues(mask).values, (value) => (value > 0.5 ? 1 : 0));
}
