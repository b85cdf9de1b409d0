import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { Opening, pathsIn, studyFolderOf } from '../../../main/opening';
import { portableFolder } from '../../../main/portable';
import { drawIcons } from '../../../scripts/icons.mjs';
import { noticesOf, sbomOf } from '../../../scripts/thirdParty.mjs';

const place = mkdtempSync(path.join(tmpdir(), 'asc-net-packaging-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

it('the icons in the repository are those of icon.svg', () => {
  for (const [name, bytes] of drawIcons())
    expect(readFileSync(path.join('resources', name)).equals(bytes), name).toBe(true);
});

describe('the list of parts and the notices', () => {
  const folders = ['node_modules/vue', 'node_modules/@tensorflow/tfjs-core', 'node_modules/h5wasm'];
  const build = { electron: '45.4.1', commitTime: '2026-01-01T00:00:00.000Z' };

  it('hold what is in the package with its version and licence, and Electron, and are the same each time', async () => {
    const sbom = await sbomOf(folders, build);
    expect(sbom.components.map(({ name }) => name).sort()).toEqual([
      '@tensorflow/tfjs-core',
      'electron',
      'h5wasm',
      'vue',
    ]);
    for (const { version, licenses } of sbom.components) {
      expect(version).toMatch(/^\d+\.\d+/);
      expect(licenses?.length).toBeGreaterThan(0);
    }
    expect(sbom.metadata.component).toMatchObject({ type: 'application', name: 'ASC-Net' });
    expect(await sbomOf(folders, build)).toEqual(sbom);
  }, 60_000);

  it('miss nothing: a package that the lock file does not know is an error', async () => {
    await expect(sbomOf([...folders, 'node_modules/nobody'], build)).rejects.toThrowError('nobody');
    expect(() => noticesOf(['node_modules/nobody'])).toThrowError('nobody');
  }, 60_000);

  it('carry the text of each licence, the standard one where a package has none of its own', () => {
    const text = noticesOf(folders);
    expect(text).toMatch(/\nvue \d[\d.]+ \(MIT\)\n\nThe MIT License/);
    expect(text).toMatch(/tfjs-core 4\.22\.0 \(Apache-2\.0\)\n\nThe package carries no text/);
    expect(text).toContain('TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION');
    expect(text).toContain('electron ');
  });
});

describe('what is to be opened', () => {
  it('is taken from a command line: files, relative ones, and addresses as desktops give them', () => {
    const file = path.join(place, 'z\u00fcrich \u8111.nii');
    expect(
      pathsIn(['--no-sandbox', 'a b.nii', pathToFileURL(file).href, '', 'file://%', '-x'], place),
    ).toEqual([path.join(place, 'a b.nii'), file]);
  });

  it('is a study where it is its folder, its file, or the file that stands for it', () => {
    const study = path.join(place, 'study');
    mkdirSync(study);
    for (const name of ['study.json', 'study.ascnet', 'scan.nii'])
      writeFileSync(path.join(study, name), '{}');
    for (const name of ['.', 'study.json', 'study.ascnet', 'renamed.ascnet'])
      expect(studyFolderOf(path.join(study, name))).toBe(study);
    expect(studyFolderOf(path.join(study, 'scan.nii'))).toBeNull();
    expect(studyFolderOf(place)).toBeNull();
    expect(studyFolderOf(path.join(place, 'nowhere', 'study.ascnet'))).toBeNull();
  });

  it('waits until it is taken, once', () => {
    let told = 0;
    const opening = new Opening(() => (told += 1));
    opening.add([]);
    opening.add(['a']);
    opening.add(['b', 'c']);
    expect(told).toBe(2);
    expect(opening.take()).toEqual(['a', 'b', 'c']);
    expect(opening.take()).toEqual([]);
  });
});

it('a folder beside what was started makes the program portable', () => {
  const at = (...parts: string[]): string => path.join(place, 'portable', ...parts);
  mkdirSync(at('stick', 'ASC-Net-data'), { recursive: true });
  const unpacked = path.join(place, 'unpacked', 'ASC-Net.exe');
  expect(portableFolder({}, at('stick', 'ASC-Net'))).toBe(at('stick', 'ASC-Net-data'));
  expect(portableFolder({}, unpacked)).toBeNull();
  expect(portableFolder({ APPIMAGE: at('stick', 'ASC-Net.AppImage') }, unpacked)).toBe(
    at('stick', 'ASC-Net-data'),
  );
  expect(portableFolder({ PORTABLE_EXECUTABLE_FILE: at('stick', 'x.exe') }, unpacked)).toBe(
    at('stick', 'ASC-Net-data'),
  );
  writeFileSync(at('ASC-Net-data'), '');
  expect(portableFolder({}, at('ASC-Net'))).toBeNull();
});
