import { describe, expect, it } from 'vitest';
import { CommandRegistry, keyOf, type Command } from '../../../renderer/commands/registry';
import { LossHistory } from '../../../renderer/stores/lossHistory';
import { VolumeCache } from '../../../renderer/stores/volumes';
import {
  formatRanges,
  formatRemaining,
  formatValue,
  formatVolume,
  formatWorld,
  formatZooms,
} from '../../../renderer/ui/format';
import type { ScanVolume } from '../../../renderer/viewer/scanVolume';
import { volumeOf } from '../../../renderer/workers/openVolume';
import { parseScan } from '../../../renderer/workers/parseScan';
import { niftiBytes } from '../../../shared/volume/nifti';
import { npyBytes } from '../../../shared/volume/npy';

const press = (key: string, part: Partial<KeyboardEvent> = {}): string =>
  keyOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...part });

describe('keyOf', () => {
  it('spells keys as commands do', () => {
    expect(press('n')).toBe('N');
    expect(press('N', { shiftKey: true })).toBe('Shift+N');
    expect(press('o', { ctrlKey: true })).toBe('Ctrl+O');
    expect(press('o', { metaKey: true })).toBe('Ctrl+O');
    expect(press('1', { altKey: true })).toBe('Alt+1');
    // How a question mark is typed depends on the keyboard.
    expect(press('?', { shiftKey: true })).toBe('?');
    expect(press(' ')).toBe('Space');
    expect(press('ArrowUp', { shiftKey: true })).toBe('Shift+ArrowUp');
  });
});

describe('CommandRegistry', () => {
  const command = (id: string, keys: string[]): Command => ({
    id,
    title: id,
    keys,
    enabled: () => true,
    run: () => undefined,
  });

  it('finds commands by id and key, and lets no two share one', () => {
    const registry = new CommandRegistry();
    registry.add(command('a', ['N']));
    expect(registry.get('a')?.id).toBe('a');
    expect(registry.forKey('N')?.id).toBe('a');
    expect(registry.forKey('P')).toBeNull();
    expect(() => registry.add(command('a', []))).toThrow();
    expect(() => registry.add(command('b', ['N']))).toThrow();
  });
});

describe('formats', () => {
  it('say times as a person would', () => {
    expect([null, 2000, 21_000, 240_000, 7_200_000].map(formatRemaining)).toEqual([
      '',
      'a few seconds left',
      '25 s left',
      '4 min left',
      '2.0 h left',
    ]);
  });

  it('give volumes the digits that they earn', () => {
    expect([3.4567, 38.2, 412.9, 1520.4, 123_456].map(formatVolume)).toEqual([
      '3.5 mm\u00b3',
      '38 mm\u00b3',
      '413 mm\u00b3',
      '1.52 ml',
      '123 ml',
    ]);
  });

  it('count ranges from 1 and cut long lists', () => {
    expect(formatRanges([])).toBe('');
    expect(formatRanges([0, 1, 2, 7, 9, 10])).toBe('1-3, 8, 10-11');
    expect(formatRanges([0, 2, 4, 6, 8, 10])).toBe('1, 3, 5, 7 and 2 more');
  });

  it('give positions in RAS without a minus zero', () => {
    expect(formatWorld([12, -34.55, -0.01])).toBe('R 12.0 A -34.5 S 0.0 mm');
    expect(formatZooms([0.9375, 0.9375, 3])).toBe('0.94 x 0.94 x 3');
    expect(formatZooms([1, 1, 1])).toBe('1');
    expect(formatValue(182.43219)).toBe('182.4');
    expect(formatValue(7)).toBe('7');
  });
});

describe('LossHistory', () => {
  it('keeps a curve a term, bounded, from the first point to the newest', () => {
    const history = new LossHistory();
    for (let step = 0; step < 10_000; step += 1) history.add('generator', 1, step, { total: step, bad: NaN });
    const points = history.series('generator.total');
    expect(points.length).toBeLessThanOrEqual(2000);
    expect(points[0]?.value).toBe(0);
    expect(points.at(-1)?.value).toBeGreaterThan(9980);
    expect(history.series('generator.bad')).toEqual([]);
    expect(history.count).toBe(10_000);
    history.clear();
    expect(history.series('generator.total')).toEqual([]);
  });

  it('joins what is left of the cycles of a training that is over', () => {
    const means = [3, 2].map((total) => ({ generator: { total }, discriminator: {} }));
    const points = LossHistory.ofCycles(means).series('generator.total');
    expect(points.map(({ value }) => value)).toEqual([3, 2]);
    // The chart joins the points of one cycle.
    expect(new Set(points.map(({ cycle }) => cycle)).size).toBe(1);
  });
});

describe('VolumeCache', () => {
  const volume = (bytes: number): ScanVolume => ({ pixels: new Int16Array(bytes / 2) }) as ScanVolume;

  it('forgets what was not looked at for longest, never the newest', () => {
    const cache = new VolumeCache(100);
    cache.set('a', volume(40));
    cache.set('b', volume(40));
    cache.get('a');
    cache.set('c', volume(40));
    expect(['a', 'b', 'c'].map((id) => cache.get(id) !== null)).toEqual([true, false, true]);
    cache.set('big', volume(400));
    expect(['a', 'c', 'big'].map((id) => cache.get(id) !== null)).toEqual([false, false, true]);
  });
});

describe('parseScan', () => {
  const grid = {
    dims: [4, 4, 3] as const,
    zooms: [1, 1, 2] as const,
    affine: [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1],
    header: null,
  };
  const bytes = (data: Int16Array | Float32Array): Uint8Array =>
    niftiBytes({ dims: grid.dims, data, like: grid, description: '' });

  it('keeps values within a level of the display scale, and hot voxels from eating the others', () => {
    const data = Float32Array.from({ length: 48 }, (_, i) => i / 10);
    const { facts, volume } = parseScan(volumeOf(bytes(data), 'scan.nii'));
    expect(facts).toMatchObject({
      dims: [4, 4, 3],
      zooms: [1, 1, 2],
      orientation: 'LAS',
      plane: 'axial',
      sliceCount: 3,
    });
    data.forEach((value, i) => {
      expect((volume.pixels[i] as number) * volume.slope + volume.intercept).toBeCloseTo(value, 2);
    });
  });

  it('takes voxels that are no numbers as 0 and says so', () => {
    const data = Float32Array.from({ length: 48 }, (_, i) => (i === 5 ? NaN : i === 6 ? Infinity : 1));
    const { facts, volume } = parseScan(volumeOf(bytes(data), 'scan.nii'));
    expect(facts.warnings.join(' ')).toContain('2 voxels are not numbers');
    expect(volume.pixels.every((pixel) => pixel >= 0)).toBe(true);
  });

  it('shows 0 as black where a correction has left values below it, and finds no head in empty slices', () => {
    // The upper two of three slices hold some head, with a few voxels below the background.
    const data = Float32Array.from({ length: 48 }, (_, i) =>
      i < 16 ? 0 : i % 4 === 0 ? -5 : i % 2 === 0 ? 0 : 60 + i,
    );
    const { volume } = parseScan(volumeOf(bytes(data), 'scan.nii'));
    const { centre, width } = volume.windows.auto;
    expect(centre - width / 2).toBe(0);
    expect([...volume.profile]).toEqual([0, 1, 1]);
  });

  it('shows a scan of one value without dividing by nothing', () => {
    const { volume } = parseScan(volumeOf(bytes(new Int16Array(48).fill(7)), 'flat.nii'));
    expect(Object.values(volume.windows).every(({ width }) => width > 0)).toBe(true);
    expect((volume.pixels[0] as number) * volume.slope + volume.intercept).toBe(7);
    expect(volume.profile.every(Number.isFinite)).toBe(true);
  });

  it('opens slices from NumPy as they lie', () => {
    const stack = Float32Array.from({ length: 2 * 3 * 4 }, (_, i) => i);
    const { facts } = parseScan(volumeOf(npyBytes([2, 3, 4], stack), 'set.npy'));
    expect(facts).toMatchObject({ dims: [4, 3, 2], plane: 'axial', sliceCount: 2 });
  });

  it('refuses a file of several volumes with a way on', () => {
    const whole = bytes(new Int16Array(48));
    const four = new Uint8Array(whole.length + 96);
    four.set(whole);
    const view = new DataView(four.buffer);
    view.setInt16(40, 4, true);
    view.setInt16(48, 2, true);
    expect(() => parseScan(volumeOf(four, 'run.nii'))).toThrow(
      /run\.nii holds 2 volumes .* which asks for its number/,
    );
  });
});
