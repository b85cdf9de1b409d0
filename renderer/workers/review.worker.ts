import '../ipc/withoutEval';
import { ExpectedError, toFailure } from '../../shared/failure';
import { planeOrientation, type SlicePlane } from '../../shared/geometry/sliceGrid';
import { agreement } from '../../shared/lesions/agreement';
import { labelComponents } from '../../shared/lesions/components';
import { baselineDifference } from '../../shared/lesions/difference';
import { lesionMask, type LesionRules } from '../../shared/lesions/lesionMask';
import { lesionPlaces, type LesionPlace } from '../../shared/lesions/places';
import { lesionTable } from '../../shared/lesions/table';
import { isNpy } from '../../shared/volume/declaredSize';
import { trueValues, volumeFromNifti } from '../../shared/volume/nifti';
import { npyValues } from '../../shared/volume/npy';
import type { Volume } from '../../shared/volume/volume';
import { openVolume } from './openVolume';
import { readToken, type TokenFile } from './readToken';
import type { LesionSummary, ReviewReply, ReviewRequest } from './reviewMessages';
import { workerScope } from './workerScope';

interface Open {
  readonly volume: Volume;
  readonly values: Float32Array;
  /** null for a scan that was not segmented: its masks were drawn, or come from files. */
  readonly iro: Float32Array | null;
  /** Whether the map is I_ro, which the table of lesions tells of, and not the baseline's score. */
  readonly isIro: boolean;
  readonly depth: Uint8Array | null;
  readonly spread: Float32Array | null;
}

/** The plain threshold's score, read once, and its mask. */
interface Baseline {
  readonly score: Float32Array;
  readonly mask: Uint8Array;
  readonly threshold: number;
}

const scope = workerScope<ReviewRequest, ReviewReply>();
let open: Open | null = null;
let newest = 0;
let truth: Uint8Array | null = null;
let baseline: Baseline | null = null;
const quiet = (): void => undefined;

scope.onMessage((request) => {
  if (request.type === 'open') {
    void openScan(request);
    return;
  }
  if (request.type === 'truth') {
    truth = request.truth;
    return;
  }
  if (request.type === 'baseline') {
    void threshold(request);
    return;
  }
  newest = request.id;
  // Messages that are already waiting come first, so that only the newest threshold of a drag is worked on.
  setTimeout(() => {
    if (request.id === newest) answer(request);
  });
});

async function openScan(request: Extract<ReviewRequest, { type: 'open' }>): Promise<void> {
  const { id } = request;
  try {
    const volume = await openVolume(request.scan);
    const iro = request.iro && mapValues(await readToken(request.iro, quiet));
    if (iro && iro.length !== volume.data.length) {
      throw new ExpectedError(
        'shape-mismatch',
        `${request.scan.name} has changed since it was segmented: segment it again.`,
      );
    }
    const { values } = trueValues(volume);
    const onGrid = async (file: TokenFile | null): Promise<Float32Array | null> =>
      file && npyValues(await readToken(file, quiet));
    const depth = await onGrid(request.depth);
    open = {
      volume,
      values,
      iro,
      isIro: request.isIro,
      depth: depth && Uint8Array.from(depth),
      spread: await onGrid(request.spread),
    };
    const copies = {
      iro: iro?.slice() ?? null,
      depth: open.depth?.slice() ?? null,
      spread: open.spread?.slice() ?? null,
    };
    const buffers = [copies.iro, copies.depth, copies.spread].flatMap((copy) => (copy ? [copy.buffer] : []));
    scope.post({ type: 'opened', id, ...copies }, buffers);
  } catch (thrown) {
    scope.post({ type: 'failed', id, failure: toFailure(thrown) });
  }
}

/** A batch's map is NIfTI; one of the window's own is an array in the volume's order. */
function mapValues(bytes: Uint8Array): Float32Array {
  return isNpy(bytes) ? npyValues(bytes) : trueValues(volumeFromNifti(bytes)).values;
}

async function threshold(request: Extract<ReviewRequest, { type: 'baseline' }>): Promise<void> {
  const { id, rules } = request;
  try {
    const score = baseline?.score ?? npyValues(await readToken(request.score, quiet));
    if (!open) return;
    const mask = lesionMask(score, open.volume.dims, request.threshold, rules, open.depth);
    baseline = { score, mask, threshold: request.threshold };
    const copy = mask.slice();
    scope.post({ type: 'baseline', id, mask: copy }, [copy.buffer]);
  } catch (thrown) {
    scope.post({ type: 'failed', id, failure: toFailure(thrown) });
  }
}

function answer(request: Exclude<ReviewRequest, { type: 'open' | 'truth' | 'baseline' }>): void {
  if (!open) return;
  const { id, anchors } = request;
  try {
    if (request.type === 'measure') {
      const summary = summarise(open, request.mask, null, request.rules, anchors);
      scope.post({ type: 'mask', id, mask: null, summary });
    } else if (open.iro) {
      const mask = lesionMask(open.iro, open.volume.dims, request.threshold, request.rules, open.depth);
      const summary = summarise(open, mask, request.threshold, request.rules, anchors);
      scope.post({ type: 'mask', id, mask, summary }, [mask.buffer]);
    }
  } catch (thrown) {
    scope.post({ type: 'failed', id, failure: toFailure(thrown) });
  }
}

function summarise(
  { volume, values, iro, isIro, spread }: Open,
  mask: Uint8Array,
  threshold: number | null,
  rules: LesionRules,
  anchors: readonly number[],
): LesionSummary {
  const { labels, count } = labelComponents(mask, volume.dims, rules.connectivity);
  const sliceAxis = planeOrientation(volume).axes[2] as 0 | 1 | 2;
  const { places, slices } = lesionPlaces(labels, count, volume.dims, iro);
  const lesions = lesionTable({
    ...{ labels, count, volume, scan: values, sliceAxis },
    ...(isIro && iro ? { iro } : {}),
    ...(spread ? { spread } : {}),
  }).map((row) => ({
    ...row,
    ...(places[row.label - 1] as LesionPlace),
    anchors: anchors.filter((anchor) => labels[anchor] === row.label),
  }));
  const marked = (plane: SlicePlane): number[] => {
    const { axes, flips, sourceDims } = planeOrientation(volume, plane);
    const axis = axes[2] as 0 | 1 | 2;
    return slices[axis].map((k) => (flips[2] ? sourceDims[axis] - 1 - k : k)).sort((a, b) => a - b);
  };
  return {
    threshold,
    rules,
    lesions,
    markedSlices: { axial: marked('axial'), coronal: marked('coronal'), sagittal: marked('sagittal') },
    totalMm3: lesions.reduce((sum, lesion) => sum + lesion.volumeMm3, 0),
    agreement: truth && agreement(mask, truth, volume.dims, volume.zooms),
    difference:
      baseline && baselineDifference(mask, baseline.mask, baseline.threshold, volume, rules.connectivity),
  };
}
