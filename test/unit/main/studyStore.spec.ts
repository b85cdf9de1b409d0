import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StudyFolder } from '../../../main/files/studyFolder';
import { StudyStore } from '../../../main/files/studyStore';
import { FileTokens } from '../../../main/files/tokens';
import type { FileToken } from '../../../shared/ipc/contract';
import { readStudyFile } from '../../../shared/study/migrations';
import { defaultPreparation } from '../../../shared/imaging/preparation';
import type { ScanOf, StudyOf } from '../../../shared/study/studyFile';

let place: string;
beforeEach(() => {
  place = mkdtempSync(path.join(tmpdir(), 'asc-net-study-'));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

function start(userData = path.join(place, 'profile')): {
  folder: StudyFolder;
  tokens: FileTokens;
  store: StudyStore;
} {
  const folder = new StudyFolder(userData);
  const tokens = new FileTokens();
  return { folder, tokens, store: new StudyStore(folder, tokens, userData) };
}

function file(...parts: string[]): string {
  const target = path.join(place, ...parts);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, 'voxels');
  return target;
}

const scan = (token: FileToken): ScanOf<FileToken> => ({
  file: token,
  facts: {
    dims: [4, 4, 4],
    zooms: [1, 1, 1],
    orientation: 'RAS',
    plane: 'axial',
    head: null,
    sliceCount: 4,
    warnings: [],
  },
  isInput: true,
  reference: [[0, 2]],
  truth: null,
  brain: null,
  contrasts: {},
  cursor: null,
  segmentation: null,
  masks: [],
  shownMask: null,
  decisions: [],
  state: 'in progress',
  declared: null,
  declaredOn: null,
  slices: { done: [], flagged: [] },
  lesionMm3: null,
  thumbnail: null,
});
const study = (...files: FileToken[]): StudyOf<FileToken> => ({
  name: 'Mine',
  preparation: defaultPreparation,
  run: null,
  earlier: [],
  selected: files.length - 1,
  scans: files.map(scan),
});

describe('the study store', () => {
  it('comes back to what was saved last, after any end of the program', async () => {
    const first = start();
    const token = first.tokens.adopt(file('scans', 'a.nii'), 'file', 6);
    expect(await first.store.current()).toMatchObject({ study: null, isNamed: false });
    const savedAt = await first.store.save(study(token));

    const second = start();
    expect(second.folder.path).toBe(first.folder.path);
    const open = await second.store.current();
    expect(open).toMatchObject({ savedAt, missing: [], study: { name: 'Mine', selected: 0 } });
    const adopted = open.study?.scans[0]?.file as FileToken;
    expect(second.tokens.pathOf(adopted.token, 'file')).toBe(path.join(place, 'scans', 'a.nii'));
  });

  it('holds paths that move with the study and its scans', async () => {
    const first = start();
    const token = first.tokens.adopt(file('all', 'scans', 'a.nii'), 'file', 6);
    await first.store.saveAs(path.join(place, 'all', 'study'));
    await first.store.save(study(token));
    const text = readFileSync(path.join(place, 'all', 'study', 'study.json'), 'utf8');
    expect(readStudyFile(text).study.scans[0]?.file.path).toBe('../scans/a.nii');

    renameSync(path.join(place, 'all'), path.join(place, 'elsewhere'));
    const second = start();
    await second.store.open(path.join(place, 'elsewhere', 'study'));
    const { study: found, missing } = await second.store.current();
    expect(missing).toEqual([]);
    expect(second.tokens.pathOf(found?.scans[0]?.file.token ?? '', 'file')).toBe(
      path.join(place, 'elsewhere', 'scans', 'a.nii'),
    );
  });

  it('keeps a scan that is gone until it is found again', async () => {
    const first = start();
    const tokens = ['a.nii', 'b.nii'].map((name) => first.tokens.adopt(file('scans', name), 'file', 6));
    await first.store.save(study(...tokens));
    renameSync(path.join(place, 'scans', 'b.nii'), file('new', 'deep', 'b.nii'));

    const second = start();
    const open = await second.store.current();
    expect(open.missing).toEqual(['b.nii']);
    expect(open.study?.scans.map(({ file: { name } }) => name)).toEqual(['a.nii']);
    expect(open.study?.selected).toBeNull();
    // The window saves what it has; what it does not see is not lost by that.
    await second.store.save(open.study as StudyOf<FileToken>);
    expect(await second.store.locate(path.join(place, 'scans'))).toBe(0);
    expect(await second.store.locate(path.join(place, 'new'))).toBe(1);
    const found = await second.store.current();
    expect(found.missing).toEqual([]);
    expect(found.study?.scans[1]).toMatchObject({ file: { name: 'b.nii' }, reference: [[0, 2]] });
  });

  it('finds each of many scans of one file name where its own folder went, and never another patient’s', async () => {
    const first = start();
    const patients = ['p07', 'p19', 'p20'];
    const tokens = patients.map((patient) =>
      first.tokens.adopt(file('scans', patient, 'FLAIR.nii'), 'file', 6, `${patient}_FLAIR.nii`),
    );
    const saved = study(...tokens);
    const truth = first.tokens.adopt(file('scans', 'p19', 'truth.nii'), 'file', 6);
    await first.store.save({
      ...saved,
      scans: saved.scans.map((entry, i) => (i === 1 ? { ...entry, truth } : entry)),
    });
    mkdirSync(path.join(place, 'new'));
    renameSync(path.join(place, 'scans'), path.join(place, 'new', 'scans'));
    // Of this one the folder was renamed: nothing tells which it is, and none is taken for it.
    renameSync(path.join(place, 'new', 'scans', 'p20'), path.join(place, 'new', 'scans', 'x20'));
    file('new', 'scans', 'p99', 'FLAIR.nii');

    const second = start();
    const { missing } = await second.store.current();
    expect(missing).toEqual(['p07_FLAIR.nii', 'p19_FLAIR.nii', 'p20_FLAIR.nii']);
    expect(await second.store.locate(path.join(place, 'new'))).toBe(2);
    const found = await second.store.current();
    expect(found.missing).toEqual(['p20_FLAIR.nii']);
    const at = (token: string | undefined): string =>
      path.relative(place, second.tokens.pathOf(token ?? '', 'file'));
    expect(found.study?.scans.map((entry) => [entry.file.name, at(entry.file.token)])).toEqual([
      ['p07_FLAIR.nii', path.join('new', 'scans', 'p07', 'FLAIR.nii')],
      ['p19_FLAIR.nii', path.join('new', 'scans', 'p19', 'FLAIR.nii')],
    ]);
    expect(at(found.study?.scans[1]?.truth?.token)).toBe(path.join('new', 'scans', 'p19', 'truth.nii'));
  });

  it('takes its own files along when it is saved elsewhere, and never into a folder with something in it', async () => {
    const { store, folder, tokens } = start();
    const sample = path.join(folder.sample(), 's.nii');
    writeFileSync(sample, 'voxels');
    const token = tokens.adopt(sample, 'file', 6);
    await store.save(study(token));
    file('full', 'thing.txt');
    await expect(store.saveAs(path.join(place, 'full'))).rejects.toMatchObject({ kind: 'file-exists' });
    await expect(store.saveAs(path.join(folder.path, 'inside'))).rejects.toMatchObject({
      kind: 'file-exists',
    });
    await store.saveAs(path.join(place, 'mine'));
    expect(tokens.pathOf(token.token, 'file')).toBe(path.join(place, 'mine', 'sample', 's.nii'));
    expect(existsSync(path.join(place, 'mine', 'sample', 's.nii'))).toBe(true);
    await store.save(study(token));
    const text = readFileSync(path.join(place, 'mine', 'study.json'), 'utf8');
    expect(readStudyFile(text).study.scans[0]?.file.path).toBe('sample/s.nii');
  });

  it('keeps the last good file as a backup, and refuses a damaged one without touching it', async () => {
    const { store, folder, tokens } = start();
    const token = tokens.adopt(file('a.nii'), 'file', 6);
    await store.save({ ...study(token), name: 'First' });
    await store.save({ ...study(token), name: 'Second' });
    const backup = readFileSync(path.join(folder.path, 'study.backup.json'), 'utf8');
    expect(readStudyFile(backup).study.name).toBe('First');
    writeFileSync(folder.file, '{"format":');
    await expect(start().store.current()).rejects.toMatchObject({ kind: 'study-damaged' });
    await expect(start().store.open(folder.path)).rejects.toMatchObject({ kind: 'study-damaged' });
    expect(readFileSync(folder.file, 'utf8')).toBe('{"format":');
  });

  it('says so where its folder cannot be written', async () => {
    const { store, folder, tokens } = start();
    const token = tokens.adopt(file('a.nii'), 'file', 6);
    // A file where the folder should be: nobody can write below it, root neither.
    folder.moveTo(path.join(file('blocked'), 'study'));
    await expect(store.save(study(token))).rejects.toMatchObject({ kind: 'file-unwritable' });
  });
});
