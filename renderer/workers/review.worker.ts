import '../ipc/withoutEval';
import { ExpectedError, toFailure } from '../../shared/failure';
import { chooseSliceGrid } from '../../shared/geometry/sliceGrid';
import { labelComponents } from '../../shared/lesions/components';
import { lesionMask } from '../../shared/lesions/lesionMask';
import { lesionTable } from '../../shared/lesions/table';
import { trueValues } from '../../shared/volume/nifti';
import { npyValues } from '../../shared/volume/npy';
import type { Volume } from '../../shared/volume/volume';
import { layoutOf, type SliceLayout } from '../viewer/slicePlane';
import { parseVolume } from './parseScan';
import { readToken } from './readToken';
import type { LesionSummary, ReviewReply, ReviewRequest } from './reviewMessages';
import { workerScope } from './workerScope';

interface Open {
  readonly volume: Volume;
  readonly values: Float32Array;
  readonly iro: Float32Array;
  readonly layout: SliceLayout;
}

const scope = workerScope<ReviewRequest, ReviewReply>();
let open: Open | null = null;
let newestThreshold = 0;

scope.onMessage((request) => {
  if (request.type === 'open') {
    void openScan(request);
    return;
  }
  newestThreshold = request.id;
  // Messages that are already waiting come first, so that only the newest threshold of a drag is worked on.
  setTimeout(() => {
    if (request.id === newestThreshold) makeMask(request);
  });
});

async function openScan(request: Extract<ReviewRequest, { type: 'open' }>): Promise<void> {
  const { id } = request;
  try {
    const quiet = (): void => undefined;
    const volume = parseVolume(await readToken(request.scan, quiet), request.scan.name);
    const iro = npyValues(await readToken(request.iro, quiet));
    if (iro.length !== volume.data.length) {
      throw new ExpectedError(
        'shape-mismatch',
        `${request.scan.name} has changed since it was segmented: segment it again.`,
      );
    }
    const { values } = trueValues(volume);
    const layout = layoutOf(chooseSliceGrid(volume, new Uint8Array(values.length)));
    open = { volume, values, iro, layout };
    const copy = iro.slice();
    scope.post({ type: 'opened', id, iro: copy }, [copy.buffer]);
  } catch (thrown) {
    scope.post({ type: 'failed', id, failure: toFailure(thrown) });
  }
}

function makeMask({ id, threshold }: Extract<ReviewRequest, { type: 'threshold' }>): void {
  if (!open) return;
  try {
    const mask = lesionMask(open.iro, open.volume.dims, threshold);
    const summary = summarise(open, mask, threshold);
    scope.post({ type: 'mask', id, mask, summary }, [mask.buffer]);
  } catch (thrown) {
    scope.post({ type: 'failed', id, failure: toFailure(thrown) });
  }
}

function summarise(
  { volume, values, iro, layout }: Open,
  mask: Uint8Array,
  threshold: number,
): LesionSummary {
  const { labels, count } = labelComponents(mask, volume.dims, 26);
  const sliceAxis = layout.axes[2] as 0 | 1 | 2;
  const lesions = lesionTable({ labels, count, volume, scan: values, iro, sliceAxis });
  const marked = new Set<number>();
  for (const lesion of lesions) {
    for (let k = lesion.slices[0]; k <= lesion.slices[1]; k += 1) {
      marked.add(layout.flips[2] ? layout.count - 1 - k : k);
    }
  }
  return {
    threshold,
    lesions,
    markedSlices: [...marked].sort((a, b) => a - b),
    totalMm3: lesions.reduce((sum, lesion) => sum + lesion.volumeMm3, 0),
  };
}
