import { defineStore } from 'pinia';
import { ref, shallowRef, watch } from 'vue';
import type { VoxelPoint } from '../../shared/geometry/points';
import { paintLine, type Brush } from '../../shared/lesions/brush';
import { fillBetween } from '../../shared/lesions/interpolate';
import { lesionMask } from '../../shared/lesions/lesionMask';
import { componentAt, enclosedAt, sliceCopy } from '../../shared/lesions/regions';
import { splitAlong } from '../../shared/lesions/splitLine';
import type { Dims, Triple } from '../../shared/volume/volume';
import { useEditsStore } from './edits';
import type { OpenMask } from './maskStore';
import { useMessagesStore } from './messages';
import { useReviewStore } from './review';
import { useStudyStore } from './study';
import { useViewStore } from './view';

/** What the left button does in the pictures of Review. */
export type Tool = 'point' | 'brush' | 'eraser' | 'fill' | 'remove' | 'split';
type Axis = 0 | 1 | 2;

/** Radii of the brush in mm. */
export const brushSizes = [0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20] as const;

/** A line that is being drawn over the picture, to cut along. */
export interface CutLine {
  readonly across: Axis;
  readonly from: VoxelPoint;
  readonly to: VoxelPoint;
}

interface Stroke {
  readonly mask: OpenMask;
  readonly brush: Brush;
  readonly flipped: number[];
  last: VoxelPoint;
}

/** First and last voxel along each axis of what a list of voxels holds from a place on. */
function boxOf(voxels: readonly number[], start: number, [nx, ny]: Dims): readonly [Triple, Triple] {
  const from: [number, number, number] = [Infinity, Infinity, Infinity];
  const to: [number, number, number] = [-1, -1, -1];
  for (let i = start; i < voxels.length; i += 1) {
    const index = voxels[i] as number;
    const voxel = [index % nx, Math.floor(index / nx) % ny, Math.floor(index / (nx * ny))] as const;
    for (const axis of [0, 1, 2] as const) {
      from[axis] = Math.min(from[axis], voxel[axis]);
      to[axis] = Math.max(to[axis], voxel[axis]);
    }
  }
  return [from, to];
}

/** The tool in hand, and what it does to the mask. */
export const usePaintingStore = defineStore('painting', () => {
  const edits = useEditsStore();
  const messages = useMessagesStore();
  const review = useReviewStore();
  const study = useStudyStore();
  const view = useViewStore();

  const tool = ref<Tool>('point');
  const brushMm = ref<number>(3);
  /** Whether the brush reaches through the slices. */
  const ball = ref(false);
  /** Paints only where the scan is brighter than this, in its own unit; null: everywhere. */
  const above = ref<number | null>(null);
  const line = shallowRef<CutLine | null>(null);
  let stroke: Stroke | null = null;
  /** Where the reader painted last, and in which scan. */
  let lastPainted: { readonly token: string; readonly voxel: VoxelPoint } | null = null;

  function resize(by: 1 | -1): void {
    const at = brushSizes.findIndex((size) => size >= brushMm.value);
    brushMm.value = brushSizes[Math.min(brushSizes.length - 1, Math.max(0, at + by))] as number;
  }

  /** The mask that is edited: the one in hand, or a copy of the mask at the threshold. Null where there is none yet. */
  function ready(): Uint8Array | null {
    const token = study.selectedToken;
    if (token === null || !review.open) return null;
    if (!edits.active) {
      const { dims } = study.selected?.facts ?? {};
      // The first stroke may come before the worker has caught up with the threshold: it must not be lost.
      const { iro } = review.open;
      const mask = review.settled
        ? review.thresholdMask
        : dims && iro && lesionMask(iro, dims, review.threshold, review.rules);
      if (mask) edits.begin(token, mask, review.threshold);
      else if (!iro) beginEmpty();
    }
    return edits.open()?.voxels ?? null;
  }

  /** A mask that nothing has been painted in yet. */
  function beginEmpty(): void {
    const token = study.selectedToken;
    if (token !== null && study.volume) edits.begin(token, new Uint8Array(study.volume.pixels.length), null);
  }

  function press(voxel: VoxelPoint, across: Axis): void {
    const mask = ready();
    const dims = study.selected?.facts.dims;
    if (!mask || !dims) return;
    if (tool.value === 'fill') return change('Fill', enclosedAt(mask, dims, voxel, across));
    if (tool.value === 'split') {
      line.value = { across, from: voxel, to: voxel };
      return;
    }
    if (tool.value === 'remove') return change('Remove lesion', componentAt(mask, dims, voxel));
    const brush: Brush = {
      radiusMm: brushMm.value,
      shape: ball.value ? 'ball' : 'disc',
      across,
      value: tool.value === 'eraser' ? 0 : 1,
    };
    const open = edits.open();
    if (!open) return;
    stroke = { mask: open, brush, flipped: [], last: voxel };
    edits.painting = true;
    drag(voxel);
  }

  function drag(voxel: VoxelPoint): void {
    if (line.value) {
      line.value = { ...line.value, to: voxel };
      return;
    }
    const facts = study.selected?.facts;
    if (!stroke || !facts) return;
    const { mask } = stroke;
    // The wheel may have brought up another slice under a pressed button: the line begins anew there.
    const sameSlice = Math.round(stroke.last[stroke.brush.across]) === Math.round(voxel[stroke.brush.across]);
    const grid = { mask: mask.voxels, dims: facts.dims, zooms: facts.zooms };
    const before = stroke.flipped.length;
    paintLine(
      grid,
      sameSlice ? stroke.last : voxel,
      voxel,
      stroke.brush,
      allowed(stroke.brush),
      stroke.flipped,
    );
    stroke.last = voxel;
    if (study.selectedToken !== null) lastPainted = { token: study.selectedToken, voxel };
    if (stroke.flipped.length > before) edits.painted = { box: boxOf(stroke.flipped, before, facts.dims) };
  }

  function release(): void {
    if (line.value) cut(line.value);
    line.value = null;
    if (!stroke) return;
    edits.keep(stroke.brush.value === 1 ? 'Brush' : 'Eraser', stroke.flipped, stroke.mask);
    stroke = null;
    edits.painting = false;
  }

  // A key may bring up another scan or mask under a pressed button: the stroke belongs to the one that it began in.
  watch(
    [() => study.selectedToken, () => edits.active?.id],
    () => {
      line.value = null;
      release();
    },
    { flush: 'sync' },
  );

  /** Cuts the lesions under a line in two. */
  function cut({ across, from, to }: CutLine): void {
    const mask = edits.open()?.voxels;
    const dims = study.selected?.facts.dims;
    if (!mask || !dims) return;
    const taken = splitAlong(mask, dims, from, to, across);
    if (taken.length > 0) change('Split', taken);
    else messages.show('info', 'Nothing was split: draw the line right across a lesion, from edge to edge.');
  }

  /** Fills the slices between two outlines of a lesion, around the slice of the large picture. */
  function fillSlices(): void {
    const mask = ready();
    const layout = view.planes?.[view.mainPlane];
    const zooms = study.selected?.facts.zooms;
    if (!mask || !layout || !zooms) return;
    const across = layout.axes[2] as Axis;
    const near = lastPainted?.token === study.selectedToken && lastPainted ? lastPainted.voxel : view.cursor;
    const filled = fillBetween(mask, layout.dims, zooms, across, view.cursor[across], near);
    if (filled.length > 0) change('Fill between slices', filled);
    else
      messages.show(
        'info',
        'There is nothing to fill here: outline the lesion on two slices, one over the other, with empty slices between them.',
      );
  }

  /** Which voxels the brush may touch; the eraser may touch all. */
  function allowed({ value }: Brush): ((index: number) => boolean) | null {
    const volume = study.volume;
    const level = above.value;
    if (level === null || !volume || value === 0) return null;
    const { pixels, slope, intercept } = volume;
    return (index) => (pixels[index] as number) * slope + intercept > level;
  }

  /** Flips voxels of the mask in one step. */
  function change(name: string, flipped: readonly number[]): void {
    const mask = edits.open()?.voxels;
    if (!mask || flipped.length === 0) return;
    for (const index of flipped) mask[index] = (mask[index] as number) ^ 1;
    edits.keep(name, flipped);
  }

  /** Takes over the mask of a neighbouring slice of the large picture. */
  function copySliceFrom(by: 1 | -1): void {
    const mask = ready();
    const layout = view.planes?.[view.mainPlane];
    if (!mask || !layout) return;
    const across = layout.axes[2] as Axis;
    const here = view.cursor[across];
    change('Copy slice', sliceCopy(mask, layout.dims, across, here + (layout.flips[2] ? -by : by), here));
  }

  /** Takes the lesion at the cursor out of the mask. */
  function removeAtCursor(): void {
    const mask = ready();
    const dims = study.selected?.facts.dims;
    if (mask && dims) change('Remove lesion', componentAt(mask, dims, view.cursor));
  }

  function setAbove(on: boolean): void {
    above.value = on ? Number(view.greyWindow.centre.toPrecision(3)) : null;
  }

  return {
    tool,
    brushMm,
    ball,
    above,
    line,
    resize,
    beginEmpty,
    press,
    drag,
    release,
    copySliceFrom,
    fillSlices,
    removeAtCursor,
    setAbove,
  };
});
