import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { FileTokens } from '../../../main/files/tokens';
import type { Services } from '../../../main/ipc/services';
import { niftiBytes, volumeFromNifti } from '../../../shared/volume/nifti';
import { npyBytes } from '../../../shared/volume/npy';
import { reviewIn } from '../../../shared/study/maskReview';
import type { Dims } from '../../../shared/volume/volume';

const answer = vi.hoisted(() => ({ canceled: false, filePath: '' }));
vi.mock('electron', () => ({ dialog: { showSaveDialog: () => Promise.resolve(answer) } }));
const { exportHandlers } = await import('../../../main/ipc/handlers/export');

const folder = mkdtempSync(path.join(tmpdir(), 'asc-net-export-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tokens = new FileTokens();
const handlers = exportHandlers({ tokens, window: () => null } as unknown as Services);
const dims: Dims = [4, 3, 2];
const mask = Uint8Array.from({ length: 24 }, (_, i) => (i % 3 === 0 ? 255 : 0));

function open(name: string, bytes: Uint8Array): string {
  const target = path.join(folder, name);
  writeFileSync(target, bytes);
  return tokens.adopt(target, 'file', bytes.length).token;
}

const review = {
  decisions: [{ anchor: 5, verdict: 'accepted' as const, note: 'typical', at: '2026-01-01', by: 'Dr. A' }],
  declared: 'done' as const,
  declaredOn: { at: '2026-01-01', by: 'Dr. A' },
  slices: { done: [[0, 1] as [number, number]], flagged: [] },
};
const origin = {
  threshold: 0.5,
  score: 'I_ro' as const,
  modelSha256: 'f'.repeat(64),
  grid: { version: 1, nonsense: true },
  review,
};

function save(scan: string, to: string, of: Dims = dims, voxels: Uint8Array = mask) {
  answer.filePath = path.join(folder, to);
  return handlers['export:mask']({ scan, dims: [...of], mask: voxels, origin });
}

beforeEach(() => {
  answer.canceled = false;
});

describe('export:mask', () => {
  it('writes 0 and 1 on the grid of a NIfTI scan, compressed where the name says so', async () => {
    const affine = [-0.9, 0.1, 0, 12.5, 0.1, 0.9, 0, -7.25, 0, 0, 3, 1, 0, 0, 0, 1];
    const like = { dims, affine, zooms: [0.9055, 0.9055, 3] as const, header: null };
    const source = niftiBytes({ dims, data: new Int16Array(24), like, description: '' });
    const scan = open('scan.nii', source);
    const { saved } = await save(scan, 'mask.nii.gz');
    expect(saved?.name).toBe('mask.nii.gz');
    // The review goes beside it, and comes back with it.
    expect(reviewIn(readFileSync(path.join(folder, 'mask.json'), 'utf8'))).toEqual(review);
    const written = volumeFromNifti(gunzipSync(readFileSync(path.join(folder, 'mask.nii.gz'))));
    expect([...written.data]).toEqual([...mask].map((value) => (value > 0 ? 1 : 0)));
    expect(written.affine).toEqual(volumeFromNifti(source).affine);
    expect(readdirSync(folder).sort()).toEqual(['mask.json', 'mask.nii.gz', 'scan.nii']);
    expect(JSON.parse(readFileSync(path.join(folder, 'mask.json'), 'utf8'))).toMatchObject({
      Type: 'Lesion',
      Sources: ['scan.nii'],
      SourcesSha256: { 'scan.nii': createHash('sha256').update(source).digest('hex') },
      Threshold: 0.5,
      ModelSha256: 'f'.repeat(64),
      SliceGrid: null,
    });
    // A file of somebody else's stays, and nothing is written beside it.
    writeFileSync(path.join(folder, 'other.json'), 'mine');
    await expect(save(scan, 'other.nii')).rejects.toMatchObject({ kind: 'file-exists' });
    expect(readFileSync(path.join(folder, 'other.json'), 'utf8')).toBe('mine');
    expect(readdirSync(folder)).not.toContain('other.nii');
  });

  it('writes NIfTI for a set of slices too', async () => {
    const scan = open('set.npy', npyBytes([2, 3, 4, 1], new Float32Array(24)));
    await save(scan, 'set_mask.nii');
    const written = volumeFromNifti(readFileSync(path.join(folder, 'set_mask.nii')));
    expect(written.dims).toEqual(dims);
    expect(written.header?.sformCode).toBe(2);
  });

  it('writes nothing when the dialog is cancelled', async () => {
    answer.canceled = true;
    const before = readdirSync(folder);
    expect(await save(open('scan.nii', readFileSync(path.join(folder, 'scan.nii'))), 'x.nii')).toEqual({
      saved: null,
    });
    expect(readdirSync(folder)).toEqual(before);
  });

  it('refuses a mask that is not on the scan, and the scan itself as its target', async () => {
    const scan = open('scan.nii', readFileSync(path.join(folder, 'scan.nii')));
    const mismatch = { kind: 'shape-mismatch' };
    await expect(save(scan, 'y.nii', [3, 4, 2])).rejects.toMatchObject(mismatch);
    await expect(save(scan, 'y.nii', dims, mask.subarray(1))).rejects.toMatchObject(mismatch);
    await expect(save(scan, 'scan.nii')).rejects.toMatchObject({ kind: 'file-exists' });
    expect(readdirSync(folder)).not.toContain('y.nii');
  });
});
