import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { outputNames, refuseTaken, stemOf, writeOutputs } from '../../../main/files/outputs';
import { maskSidecar } from '../../../shared/volume/maskSidecar';

const root = mkdtempSync(path.join(tmpdir(), 'asc-net-outputs-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
function newFolder(): string {
  folders += 1;
  const folder = path.join(root, String(folders));
  mkdirSync(folder);
  return folder;
}

describe('names of outputs', () => {
  it('are x_mask.nii.gz and its like unless a pattern says otherwise', () => {
    expect(outputNames('/scans/x.nii.gz')).toEqual({
      mask: 'x_mask.nii.gz',
      sidecar: 'x_mask.json',
      iro: 'x_iro.nii.gz',
      spread: 'x_spread.nii.gz',
      baseline: 'x_baseline.nii.gz',
      lesions: 'x_lesions.csv',
      lesionsJson: 'x_lesions.json',
      report: 'x_report.json',
    });
    expect(outputNames('sub-01_FLAIR.nii', { pattern: '{name}_desc-{kind}', format: 'nii' })).toMatchObject({
      mask: 'sub-01_FLAIR_desc-mask.nii',
      sidecar: 'sub-01_FLAIR_desc-mask.json',
    });
    // A name may look like a replacement pattern.
    expect(outputNames("$&$'.nii").mask).toBe("$&$'_mask.nii.gz");
  });

  it('know each format’s ending', () => {
    for (const name of ['x.nii', 'x.NII.GZ', 'x.hdr', 'x.img.gz', 'x.npy'])
      expect(stemOf(`/a/${name}`)).toBe('x');
    expect(stemOf('x.y.nii')).toBe('x.y');
  });

  it.each(['{name}', 'a/{kind}', '..\\{kind}', '{kind}?'])('refuse the pattern %s', (pattern) => {
    expect(() => outputNames('x.nii', { pattern })).toThrowError(
      expect.objectContaining({ kind: 'settings-invalid' }) as Error,
    );
  });

  it('are refused where a file is there, and where two volumes would share them', () => {
    const folder = newFolder();
    const names = outputNames('x.nii');
    expect(() => refuseTaken(folder, [names], false)).not.toThrow();
    writeFileSync(path.join(folder, 'x_report.json'), 'mine');
    expect(() => refuseTaken(folder, [names], false)).toThrow(
      /x_report\.json exists already and was left alone/,
    );
    expect(() => refuseTaken(folder, [names], true)).not.toThrow();
    expect(() => refuseTaken(folder, [names, outputNames('b/X.nii.gz')], true)).toThrow(/Two of the volumes/);
  });
});

describe('writing outputs', () => {
  it('writes all of them, compressed where the name says so', async () => {
    const folder = path.join(newFolder(), 'new');
    await writeOutputs(
      folder,
      [
        ['a.nii.gz', Uint8Array.of(1, 2, 3)],
        ['b.json', '{}'],
      ],
      false,
    );
    expect(readdirSync(folder).sort()).toEqual(['a.nii.gz', 'b.json']);
    expect([...gunzipSync(readFileSync(path.join(folder, 'a.nii.gz')))]).toEqual([1, 2, 3]);
  });

  it('writes none of them where one is there already', async () => {
    const folder = newFolder();
    writeFileSync(path.join(folder, 'b.json'), 'mine');
    await expect(
      writeOutputs(
        folder,
        [
          ['a', 'x'],
          ['b.json', 'x'],
        ],
        false,
      ),
    ).rejects.toMatchObject({
      kind: 'file-exists',
    });
    expect(readdirSync(folder)).toEqual(['b.json']);
    expect(readFileSync(path.join(folder, 'b.json'), 'utf8')).toBe('mine');
    await writeOutputs(
      folder,
      [
        ['a', 'x'],
        ['b.json', 'new'],
      ],
      true,
    );
    expect(readFileSync(path.join(folder, 'b.json'), 'utf8')).toBe('new');
  });

  it('leaves nothing behind where one of them cannot be written', async () => {
    const folder = newFolder();
    mkdirSync(path.join(folder, 'b.json.part'));
    await expect(
      writeOutputs(
        folder,
        [
          ['a', 'x'],
          ['b.json', 'x'],
        ],
        true,
      ),
    ).rejects.toMatchObject({
      kind: 'file-unwritable',
    });
    expect(existsSync(path.join(folder, 'a'))).toBe(false);
    expect(existsSync(path.join(folder, 'a.part'))).toBe(false);
  });
});

it('the sidecar of a mask says what it is and where it comes from, in BIDS’ terms', () => {
  const sha256 = createHash('sha256').update('scan').digest('hex');
  const sidecar: unknown = JSON.parse(
    maskSidecar({
      software: { name: 'ASC-Net', version: '1.2.3' },
      sources: [{ name: 'x.nii.gz', sha256 }],
      threshold: 0.5,
      score: 'I_ro',
      modelSha256: 'abc',
      grid: null,
    }),
  );
  expect(sidecar).toMatchObject({
    Type: 'Lesion',
    Sources: ['x.nii.gz'],
    SourcesSha256: { 'x.nii.gz': sha256 },
    GeneratedBy: [{ Name: 'ASC-Net', Version: '1.2.3' }],
    Threshold: 0.5,
    ModelSha256: 'abc',
  });
});
