import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import { applyAffine } from '../../shared/geometry/affine';
import {
  slicePoint,
  worldPoint,
  type SlicePoint,
  type VoxelPoint,
  type WorldPoint,
} from '../../shared/geometry/points';
import { defaultSettings, type Settings } from '../../shared/ipc/contract';
import { ask } from '../ipc/client';
import type { GreyWindow, WindowPreset } from '../viewer/scanVolume';
import { pixelToVoxel, voxelIndex, voxelToPixel } from '../viewer/slicePlane';
import { useStudyStore } from './study';

export type Place = 'data' | 'train' | 'review' | 'export';

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
  const settings = ref<Settings>({ ...defaultSettings });
  const maskShown = ref(true);
  /** While the space bar is held. */
  const peeking = ref(false);
  const truthShown = ref(false);
  const keysShown = ref(false);
  /** Counts up when the reader asks for the threshold by its key. */
  const thresholdFocus = ref(0);
  const aboutShown = ref(false);
  const hover = shallowRef<SlicePoint | null>(null);
  const slices = ref<Readonly<Record<string, number>>>({});
  const windows = ref<Readonly<Record<string, GreyWindow>>>({});
  /** Counts up when the reader asks for the whole slice again. */
  const resets = ref(0);

  const slice = computed(() => {
    const token = study.selectedToken;
    if (token === null || !study.selected) return 0;
    return slices.value[token] ?? Math.floor(study.selected.facts.sliceCount / 2);
  });

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
    // The slice may have moved on under a pointer that rests.
    const point = slicePoint(slice.value, hover.value[1], hover.value[2]);
    const voxel = pixelToVoxel(layout, point);
    const index = voxelIndex(layout.dims, voxel);
    if (index === null) return null;
    return {
      world: worldPoint(...applyAffine(affine, voxel)),
      voxel,
      value: (pixels[index] as number) * slope + intercept,
      index,
    };
  });

  function setSlice(next: number): void {
    const { selected, selectedToken } = study;
    if (!selected || selectedToken === null) return;
    const last = selected.facts.sliceCount - 1;
    slices.value = { ...slices.value, [selectedToken]: Math.min(last, Math.max(0, Math.round(next))) };
  }

  /** Goes to the slice that holds a voxel. */
  function showVoxel(voxel: VoxelPoint): void {
    if (study.volume) setSlice(voxelToPixel(study.volume.layout, voxel)[0]);
  }

  function setWindow(window: GreyWindow): void {
    if (study.selectedToken !== null) windows.value = { ...windows.value, [study.selectedToken]: window };
  }

  function setPreset(preset: WindowPreset): void {
    if (study.volume) setWindow(study.volume.windows[preset]);
  }

  function resetView(): void {
    setPreset('auto');
    resets.value += 1;
  }

  async function loadSettings(): Promise<void> {
    settings.value = await ask('app:settings', {});
  }

  async function changeSettings(part: Partial<Settings>): Promise<void> {
    settings.value = { ...settings.value, ...part };
    await ask('app:saveSettings', { ...settings.value });
  }

  study.onRemoved((token) => {
    slices.value = Object.fromEntries(Object.entries(slices.value).filter(([key]) => key !== token));
    windows.value = Object.fromEntries(Object.entries(windows.value).filter(([key]) => key !== token));
  });

  return {
    place,
    settings,
    maskShown,
    peeking,
    truthShown,
    keysShown,
    thresholdFocus,
    aboutShown,
    hover,
    slices,
    windows,
    resets,
    slice,
    greyWindow,
    readout,
    setSlice,
    showVoxel,
    setWindow,
    setPreset,
    resetView,
    loadSettings,
    changeSettings,
  };
});
