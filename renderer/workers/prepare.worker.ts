import '../ipc/withoutEval';
import { ExpectedError, toFailure } from '../../shared/failure';
import { sameGrid } from '../../shared/geometry/sameGrid';
import { channelOffsetsMm, withNeighbours } from '../../shared/geometry/neighbours';
import { openContrasts } from '../../shared/imaging/contrasts';
import { prepareVolume, type PreparedVolume } from '../../shared/imaging/preparation';
import { preparationPictures, type GreyPicture } from '../../shared/imaging/preparationPictures';
import { pasteLesions } from '../../shared/lesions/pastedLesions';
import { createRandom } from '../../shared/random';
import { trueValues } from '../../shared/volume/nifti';
import type { Volume } from '../../shared/volume/volume';
import { openVolume } from './openVolume';
import type { PrepareReply, PrepareRequest } from './prepareMessages';
import type { TokenFile } from './readToken';
import { workerScope } from './workerScope';

const scope = workerScope<PrepareRequest, PrepareReply>();
let shown: PreparedVolume | null = null;
let picturesOf: ReturnType<typeof preparationPictures> | null = null;
/** The scan that was read last: other settings need not read it again. */
let read: { readonly token: string; readonly volume: Volume } | null = null;
let newest = 0;

scope.onMessage((request) => {
  if (request.type === 'prepare') void prepare(request);
  else if (request.type === 'paste') paste(request);
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
  contrasts,
  preparation,
}: Extract<PrepareRequest, { type: 'prepare' }>): Promise<void> {
  newest = id;
  picturesOf = null;
  shown = null;
  try {
    const volume = read?.token === scan.token ? read.volume : await openVolume(scan);
    read = { token: scan.token, volume };
    const mask = brain ? await brainOn(volume, scan, brain) : null;
    const others = await openContrasts(contrasts, preparation.contrasts, openVolume);
    if (newest !== id) return;
    const prepared = prepareVolume(volume, {
      preparation,
      contrasts: others,
      ...(mask ? { brain: mask } : {}),
    });
    const { plane, count, pixelMm, fit, height, width } = prepared.grid;
    const { maskMethod, warnings, brainSlices } = prepared;
    shown = prepared;
    picturesOf = preparationPictures(prepared);
    scope.post({
      type: 'prepared',
      id,
      facts: { plane, count, pixelMm, fit, height, width, maskMethod, warnings, brainSlices },
    });
  } catch (thrown) {
    if (newest === id) scope.post({ type: 'failed', id, failure: toFailure(thrown) });
  }
}

function paste({ id, slice, settings, seed }: Extract<PrepareRequest, { type: 'paste' }>): void {
  if (!shown) return;
  const { grid, preparation, slices, channelOffsets } = shown;
  const { height, width, pixelMm } = grid;
  const values = withNeighbours(slices, height * width, [slice], channelOffsets);
  const image = { values, height, width, pixelMm, offsetsMm: channelOffsetsMm(preparation.neighbourMm) };
  const { values: pasted, mask, count } = pasteLesions(image, settings, createRandom(seed));
  const channels = image.offsetsMm.length;
  const grey = (of: Float32Array): GreyPicture => ({
    ...{ width, height, pixelAspect: 1 },
    pixels: Uint8Array.from({ length: height * width }, (_, i) => 255 * (of[i * channels] as number)),
  });
  scope.post({
    type: 'pasted',
    id,
    pictures: { healthy: grey(values), pasted: grey(pasted), mask, count },
  });
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
