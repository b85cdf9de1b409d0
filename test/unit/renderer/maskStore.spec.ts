import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { maskHandlers } from '../../../main/ipc/handlers/masks';
import type { Services } from '../../../main/ipc/services';
import { MaskStore, type OpenMask } from '../../../renderer/stores/maskStore';
import { memoOf, undo, withMemo } from '../../../shared/lesions/strokes';
import { readJournal, type JournalledMask } from '../../../shared/study/maskJournal';

// Main's handlers name it; nothing here opens a window, and it may not be there.
vi.mock('electron', () => ({ app: {}, dialog: {}, protocol: {} }));

/* The page's store and main's handler, joined: what one sends is what the other writes. */
let folder: string;
let study: string;
const id = '0b8f6f0e-58b5-4c1e-9d2a-3f1c0a6b7d11';
const told = vi.fn<(error: Error | null) => void>();

beforeEach(() => {
  vi.useFakeTimers();
  folder = mkdtempSync(path.join(tmpdir(), 'asc-net-masks-'));
  study = path.join(folder, 'one');
  told.mockReset();
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

function store(): MaskStore {
  const services = { study: { journal: () => path.join(study, 'masks', 'm.jsonl') } };
  const handlers = maskHandlers(services as unknown as Services);
  return new MaskStore(async (mask, text) => {
    await handlers['masks:append']({ id: mask, text });
  }, told);
}

function edit(masks: MaskStore, mask: OpenMask, voxel: number): void {
  mask.voxels[voxel] = (mask.voxels[voxel] as number) ^ 1;
  const memo = memoOf('Brush', [voxel]);
  mask.history = withMemo(mask.history, memo);
  masks.record(mask, { type: 'edit', name: memo.name, runs: [...memo.runs] });
}

function takeBack(masks: MaskStore, mask: OpenMask): void {
  mask.history = undo(mask.voxels, mask.history);
  masks.record(mask, { type: 'undo' });
}

const onDisk = (): ReturnType<typeof readJournal> =>
  readJournal(readFileSync(path.join(study, 'masks', 'm.jsonl'), 'utf8'));

it('steps are on disk, and the history with them', async () => {
  const masks = store();
  masks.create(id, Uint8Array.from([0, 1, 0, 0]));
  const mask = masks.get(id) as OpenMask;
  edit(masks, mask, 2);
  edit(masks, mask, 3);
  takeBack(masks, mask);
  await masks.settle();
  expect(onDisk()?.mask).toEqual(Uint8Array.from([0, 1, 1, 0]));
  expect(onDisk()?.history).toEqual(mask.history);
  expect(told).toHaveBeenLastCalledWith(null);
});

it('edits after a move to another folder are not lost, though the old journal was longer', async () => {
  const masks = store();
  masks.create(id, new Uint8Array(6));
  const mask = masks.get(id) as OpenMask;
  edit(masks, mask, 1);
  edit(masks, mask, 2);
  takeBack(masks, mask);
  edit(masks, mask, 3);
  await masks.settle();
  // The folder was copied with its journals; the steps are numbered anew.
  masks.rewrite();
  edit(masks, mask, 4);
  await masks.settle();
  expect(onDisk()?.mask).toEqual(mask.voxels);
  expect(onDisk()?.broken).toBe(false);
  expect(onDisk()?.last).toBe(3);
});

it('a folder that vanished is said, and the whole journal is written again', async () => {
  const masks = store();
  masks.create(id, new Uint8Array(6));
  const mask = masks.get(id) as OpenMask;
  edit(masks, mask, 1);
  await masks.settle();
  rmSync(study, { recursive: true });
  edit(masks, mask, 2);
  await masks.settle();
  expect(told.mock.lastCall?.[0]?.message).toMatch(/no longer where it was/);
  edit(masks, mask, 3);
  await masks.settle();
  await vi.advanceTimersByTimeAsync(6000);
  await masks.settle();
  expect(told).toHaveBeenLastCalledWith(null);
  expect(onDisk()?.mask).toEqual(Uint8Array.from([0, 1, 1, 1, 0, 0]));
  expect(onDisk()?.history).toEqual(mask.history);
});

it('a journal that is written anew while a stroke is painted has that stroke whole, once', async () => {
  const masks = store();
  masks.create(id, new Uint8Array(6));
  const mask = masks.get(id) as OpenMask;
  edit(masks, mask, 1);
  await masks.settle();
  rmSync(study, { recursive: true });
  edit(masks, mask, 2);
  // The pointer is still down: this voxel belongs to no step yet.
  mask.voxels[3] = 1;
  await masks.settle();
  const memo = memoOf('Brush', [3, 4]);
  mask.voxels[4] = 1;
  mask.history = withMemo(mask.history, memo);
  masks.record(mask, { type: 'edit', name: memo.name, runs: [...memo.runs] });
  await vi.advanceTimersByTimeAsync(6000);
  await masks.settle();
  expect(onDisk()?.mask).toEqual(Uint8Array.from([0, 1, 1, 1, 1, 0]));
});

it('a folder that goes while a line is written is noticed', async () => {
  const masks = store();
  masks.create(id, new Uint8Array(6));
  const mask = masks.get(id) as OpenMask;
  await masks.settle();
  const handle = await open(path.join(study, 'masks', 'm.jsonl'));
  await handle.close();
  const files = Object.getPrototypeOf(handle) as typeof handle;
  vi.spyOn(files, 'sync').mockImplementationOnce(() => {
    renameSync(study, path.join(folder, 'away'));
    return Promise.resolve();
  });
  edit(masks, mask, 1);
  await masks.settle();
  await vi.advanceTimersByTimeAsync(6000);
  await masks.settle();
  expect(onDisk()?.mask).toEqual(mask.voxels);
  expect(told).toHaveBeenLastCalledWith(null);
});

it('edits behind a gap in a journal are read again', async () => {
  const first = store();
  first.create(id, new Uint8Array(6));
  const before = first.get(id) as OpenMask;
  for (const voxel of [1, 2, 3]) edit(first, before, voxel);
  await first.settle();
  const journal = path.join(study, 'masks', 'm.jsonl');
  const lines = readFileSync(journal, 'utf8').split('\n');
  writeFileSync(journal, [...lines.slice(0, 2), ...lines.slice(3)].join('\n'));
  const masks = store();
  masks.put(id, onDisk() as JournalledMask);
  const mask = masks.get(id) as OpenMask;
  edit(masks, mask, 4);
  await masks.settle();
  expect(onDisk()).toMatchObject({ mask: Uint8Array.from([0, 1, 0, 0, 1, 0]), broken: false });
});

it('a mask that nobody looks at gives up its voxels, and nothing else', async () => {
  const masks = store();
  const base = Uint8Array.from([0, 1, 0, 0, 1, 0]);
  masks.create(id, base);
  const mask = masks.get(id) as OpenMask;
  edit(masks, mask, 2);
  edit(masks, mask, 3);
  takeBack(masks, mask);
  masks.keepOnly(null);
  expect(mask.voxels).toBeNull();
  // Also where the folder goes away meanwhile.
  await masks.settle();
  rmSync(study, { recursive: true });
  masks.rewrite();
  await masks.settle();
  expect(onDisk()?.mask).toEqual(Uint8Array.from([0, 1, 1, 0, 1, 0]));
  expect(masks.get(id)?.voxels).toEqual(Uint8Array.from([0, 1, 1, 0, 1, 0]));
  expect(masks.get(id)?.history).toEqual(onDisk()?.history);
});

it('a disk that refuses keeps the steps in memory until it takes them', async () => {
  let full = false;
  const lines: string[] = [];
  const masks = new MaskStore((_mask, text) => {
    if (full) return Promise.reject(new Error('no space left on device'));
    lines.push(text);
    return Promise.resolve();
  }, told);
  masks.create(id, new Uint8Array(6));
  const mask = masks.get(id) as OpenMask;
  await masks.settle();
  full = true;
  edit(masks, mask, 1);
  edit(masks, mask, 2);
  await masks.settle();
  expect(told).toHaveBeenLastCalledWith(expect.objectContaining({ message: 'no space left on device' }));
  full = false;
  await vi.advanceTimersByTimeAsync(6000);
  await masks.settle();
  expect(told).toHaveBeenLastCalledWith(null);
  expect(readJournal(lines.join(''))?.mask).toEqual(mask.voxels);
});
