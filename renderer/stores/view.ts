import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import { affineZooms, applyAffine } from '../../shared/geometry/affine';
import {
  slicePoint,
  voxelPoint,
  worldPoint,
  type VoxelPoint,
  type WorldPoint,
} from '../../shared/geometry/points';
import { defaultSettings, type Settings } from '../../shared/ipc/contract';
import { ask } from '../ipc/client';
import type { GreyWindow, WindowPreset } from '../viewer/scanVolume';
import type { SlicePlane } from '../../shared/geometry/sliceGrid';
import { pixelToVoxel, planesOf, voxelIndex, voxelToPixel, type SliceLayout } from '../viewer/slicePlane';
import { takeOut } from './records';
import { useStudyStore } from './study';

export type Place = 'data' | 'train' | 'review' | 'export';

export const maskStyles: readonly Settings['maskStyle'][] = ['outline', 'fill', 'heat', 'spread'];

/** What the status line says about the point under the pointer. */
export interface Readout {
  readonly world: WorldPoint;
  readonly voxel: VoxelPoint;
  readonly value: number;
  /** Index in arrays on the scan's grid. */
  readonly index: number;
}

/** Where the reader is and how the pictures are shown. */
export const useViewStore = defineStore('view', () => {
  const study = useStudyStore();
  const place = ref<Place>('data');
  /** Replaced, never changed: it crosses to main, where no proxy of Vue's can go. */
  const settings = shallowRef<Settings>(defaultSettings);
  const maskShown = ref(true);
  /** While the space bar is held. */
  const peeking = ref(false);
  const truthShown = ref(false);
  /** Whether the plain threshold's mask is shown beside the network's. */
  const baselineShown = ref(false);
  const keysShown = ref(false);
  /** Whether the next key is taken for a command, and not for what it does. */
  const keyAsked = ref(false);
  /** Counts up when the reader asks for the threshold by its key. */
  const thresholdFocus = ref(0);
  /** Counts up when the reader asks for the large picture as a file. */
  const snapshots = ref(0);
  const aboutShown = ref(false);
  const reportShown = ref(false);
  /** The step of the tour that is shown; null: none. */
  const tourStep = ref<number | null>(null);
  /** The sentences that lead through the sample study. */
  const guideShown = ref(false);
  /** The voxel under the pointer, not rounded; null where it is over no picture. */
  const hover = shallowRef<VoxelPoint | null>(null);
  /** The point that the three planes of a scan go through, by the scan's token. */
  const cursors = ref<Readonly<Record<string, VoxelPoint>>>({});
  /** The plane that the reader has made the large one, by the scan's token. */
  const chosenPlanes = ref<Readonly<Record<string, SlicePlane>>>({});
  const windows = ref<Readonly<Record<string, GreyWindow>>>({});
  /** Counts up when the reader asks for the whole slice again. */
  const resets = ref(0);
  /** Counts up with each zoom by key or button, and says by how much. */
  const zoom = ref({ times: 0, factor: 1 });

  // By itself, so that another setting does not lay the scan out anew.
  const convention = computed(() => settings.value.convention);
  const planes = computed<Readonly<Record<SlicePlane, SliceLayout>> | null>(() => {
    const layout = study.volume?.layout;
    if (!study.volume || !layout) return null;
    const { affine } = study.volume;
    return planesOf({ dims: layout.dims, affine, zooms: affineZooms(affine) }, convention.value);
  });
  /** The plane of the slice grid: its slices are those that the network sees and that are marked as reference. */
  const gridPlane = computed<SlicePlane>(() => study.selected?.facts.plane ?? 'axial');
  const mainPlane = computed<SlicePlane>(() => {
    const token = study.selectedToken;
    return (place.value !== 'data' && token !== null && chosenPlanes.value[token]) || gridPlane.value;
  });

  const cursor = computed<VoxelPoint>(() => {
    const token = study.selectedToken;
    const [x, y, z] = study.selected?.facts.dims ?? [0, 0, 0];
    const middle = voxelPoint(Math.floor(x / 2), Math.floor(y / 2), Math.floor(z / 2));
    return (token !== null && cursors.value[token]) || middle;
  });

  /** Number of the slice of a plane that the cursor lies in. */
  function sliceIn(plane: SlicePlane): number {
    const layout = planes.value?.[plane];
    return layout ? Math.round(voxelToPixel(layout, cursor.value)[0]) : 0;
  }
  const slice = computed(() => sliceIn(gridPlane.value));
  const mainSlice = computed(() => sliceIn(mainPlane.value));
  const mainCount = computed(() => planes.value?.[mainPlane.value].count ?? 0);

  const greyWindow = computed<GreyWindow>(() => {
    const token = study.selectedToken;
    return (
      (token !== null && windows.value[token]) || (study.volume?.windows.auto ?? { centre: 0.5, width: 1 })
    );
  });

  const readout = computed<Readout | null>(() => {
    const volume = study.volume;
    if (!volume || !hover.value) return null;
    const { layout, affine, pixels, slope, intercept } = volume;
    const voxel = hover.value;
    const index = voxelIndex(layout.dims, voxel);
    if (index === null) return null;
    return {
      world: worldPoint(...applyAffine(affine, voxel)),
      voxel,
      value: (pixels[index] as number) * slope + intercept,
      index,
    };
  });

  /** Moves the cursor to a slice of a plane. */
  function setSlice(next: number, plane: SlicePlane = mainPlane.value): void {
    const layout = planes.value?.[plane];
    if (!layout) return;
    const [, row, column] = voxelToPixel(layout, cursor.value);
    const wanted = Math.min(layout.count - 1, Math.max(0, Math.round(next)));
    setCursor(pixelToVoxel(layout, slicePoint(wanted, row, column)));
    // A pointer that rests is over another voxel now.
    if (hover.value && plane === hoverPlane) {
      const [, overRow, overColumn] = voxelToPixel(layout, hover.value);
      hover.value = pixelToVoxel(layout, slicePoint(wanted, overRow, overColumn));
    }
  }

  let hoverPlane: SlicePlane | null = null;
  function setHover(voxel: VoxelPoint | null, plane: SlicePlane): void {
    if (voxel === null && hoverPlane !== plane) return;
    hoverPlane = voxel === null ? null : plane;
    hover.value = voxel;
  }

  /** Brings all planes to a voxel, kept within the scan. */
  function setCursor(voxel: VoxelPoint): void {
    const { selected, selectedToken } = study;
    if (!selected || selectedToken === null) return;
    const { dims } = selected.facts;
    const inside = voxel.map((position, axis) =>
      Math.min((dims[axis] as number) - 1, Math.max(0, Math.round(position))),
    ) as [number, number, number];
    cursors.value = { ...cursors.value, [selectedToken]: voxelPoint(...inside) };
  }

  function setMainPlane(plane: SlicePlane): void {
    if (study.selectedToken !== null)
      chosenPlanes.value = { ...chosenPlanes.value, [study.selectedToken]: plane };
  }

  function zoomBy(factor: number): void {
    zoom.value = { times: zoom.value.times + 1, factor };
  }

  function setWindow(window: GreyWindow): void {
    if (study.selectedToken !== null) windows.value = { ...windows.value, [study.selectedToken]: window };
  }

  function setPreset(preset: WindowPreset): void {
    if (study.volume) setWindow(study.volume.windows[preset]);
  }

  function isPreset(preset: WindowPreset): boolean {
    const wanted = study.volume?.windows[preset];
    const { centre, width } = greyWindow.value;
    return wanted?.centre === centre && wanted.width === width;
  }

  function resetView(): void {
    setPreset('auto');
    resets.value += 1;
  }

  async function loadSettings(): Promise<void> {
    settings.value = await ask('app:settings', {});
    if (!settings.value.tourSeen) tourStep.value = 0;
  }

  async function changeSettings(part: Partial<Settings>): Promise<void> {
    settings.value = { ...settings.value, ...part };
    await ask('app:saveSettings', { ...settings.value });
  }

  study.onRemoved((token) => [
    takeOut(cursors, token),
    takeOut(chosenPlanes, token),
    takeOut(windows, token),
  ]);

  return {
    place,
    settings,
    maskShown,
    peeking,
    truthShown,
    baselineShown,
    keysShown,
    keyAsked,
    thresholdFocus,
    snapshots,
    aboutShown,
    reportShown,
    tourStep,
    guideShown,
    hover,
    cursors,
    chosenPlanes,
    windows,
    resets,
    zoom,
    planes,
    gridPlane,
    mainPlane,
    cursor,
    slice,
    mainSlice,
    mainCount,
    greyWindow,
    readout,
    sliceIn,
    setSlice,
    setHover,
    setCursor,
    setMainPlane,
    zoomBy,
    setWindow,
    setPreset,
    isPreset,
    resetView,
    loadSettings,
    changeSettings,
  };
});
