import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { Opening, pathsIn, studyFolderOf } from '../../../main/opening';
import { portableFolder } from '../../../main/portable';
import { controlOf, orderOf } from '../../../scripts/fpm.mjs';
import { drawIcons } from '../../../scripts/icons.mjs';
import { succeeds } from '../../../scripts/processes.mjs';
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

describe('a .deb without fpm', () => {
  /** What electron-builder 26 gives to fpm. */
  const order = (folder: string): string[] => [
    ...['-s', 'dir', '--force', '-t', 'deb', '-d', 'libgtk-3-0 | libgtk-3-0t64', '-d', 'libnss3'],
    ...['--deb-recommends', 'libappindicator3-1', '--deb-compression', 'xz', '--architecture', 'amd64'],
    ...['--after-install', path.join(folder, 'in.sh'), '--after-remove', path.join(folder, 'out.sh')],
    ...['--description', 'In short\n At length,\n\nand more', '--version', '1.2.3'],
    ...['--package', path.join(folder, 'made.deb'), '--name', 'asc-net'],
    ...['--maintainer', 'A B <a@b>', '--vendor', 'A B <a@b>', '--url', 'https://example.org/a=b'],
    ...['--deb-priority', 'optional', '--license', 'MIT', `${folder}/app/=/opt/ASC-Net`],
    `${folder}/a=b.xml=/usr/share/mime/packages/asc-net.xml`,
  ];

  it('has the control file that Debian asks for', () => {
    const { options, files } = orderOf(order('/x'));
    expect(files).toEqual([
      ['/x/app/', '/opt/ASC-Net'],
      ['/x/a=b.xml', '/usr/share/mime/packages/asc-net.xml'],
    ]);
    expect(controlOf({ options, files }, 1025)).toBe(
      [
        'Package: asc-net',
        'Version: 1.2.3',
        'Architecture: amd64',
        'Maintainer: A B <a@b>',
        'Installed-Size: 2',
        'Depends: libgtk-3-0 | libgtk-3-0t64, libnss3',
        'Recommends: libappindicator3-1',
        'Section: default',
        'Priority: optional',
        'Homepage: https://example.org/a=b',
        'Description: In short',
        ' At length,',
        ' .',
        ' and more',
        '',
      ].join('\n'),
    );
  });

  it.skipIf(!succeeds('dpkg-deb', ['--version']))(
    'is one for dpkg: the files of root, in their places, with their modes, links and sums',
    () => {
      const folder = path.join(place, 'deb');
      mkdirSync(path.join(folder, 'app'), { recursive: true });
      for (const [name, mode] of [
        ['in.sh', 0o600],
        ['out.sh', 0o600],
        ['a=b.xml', 0o600],
        ['app/asc-net', 0o755],
      ] as const)
        writeFileSync(path.join(folder, name), `#!/bin/sh\n# ${name}\n`, { mode });
      symlinkSync('asc-net', path.join(folder, 'app', 'link'));
      const made = spawnSync(path.join('scripts', 'fpm.mjs'), order(folder), { encoding: 'utf8' });
      expect([made.status, made.stderr]).toEqual([0, '']);

      const ask = (...args: string[]): string => spawnSync('dpkg-deb', args, { encoding: 'utf8' }).stdout;
      const deb = path.join(folder, 'made.deb');
      expect(ask('--field', deb, 'Package', 'Version')).toBe('Package: asc-net\nVersion: 1.2.3\n');
      const held = ask('--contents', deb)
        .trim()
        .split('\n')
        .map((line) => line.replace(/^(\S+) (\S+) .*? (\.\/.*)$/, '$1 $2 $3'));
      expect(held).toEqual(
        expect.arrayContaining([
          'drwxr-xr-x root/root ./',
          '-rwxr-xr-x root/root ./opt/ASC-Net/asc-net',
          'lrwxrwxrwx root/root ./opt/ASC-Net/link -> asc-net',
          '-rw-r--r-- root/root ./usr/share/mime/packages/asc-net.xml',
        ]),
      );
      ask('--control', deb, path.join(folder, 'control'));
      expect(readFileSync(path.join(folder, 'control', 'postinst'), 'utf8')).toContain('# in.sh');
      expect(readFileSync(path.join(folder, 'control', 'postrm'), 'utf8')).toContain('# out.sh');
      ask('--extract', deb, path.join(folder, 'installed'));
      const sums = path.resolve(folder, 'control', 'md5sums');
      const checked = spawnSync('md5sum', ['-c', sums], { cwd: path.join(folder, 'installed') });
      expect([checked.status, String(checked.stdout).split('\n').length - 1]).toEqual([0, 2]);
    },
  );
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
