import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SettingsFile } from '../../../main/files/settings';
import { createLog } from '../../../main/log';
import { PageLink } from '../../../main/pageLink';
import { PageRevival } from '../../../main/pageRevival';
import { Power } from '../../../main/power';
import { collectReport, zipReport } from '../../../main/problemReport';
import { defaultSettings, type PageEvent } from '../../../shared/ipc/contract';
import type { JobRequest } from '../../../shared/ipc/engineEvents';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'asc-net-surviving-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the log', () => {
  it('rotates, and never takes more room than its files may', () => {
    const log = createLog({ folder, names: () => [], toTerminal: false, mostBytes: 2000 });
    for (let i = 0; i < 500; i += 1) log(`line ${i} ${'x'.repeat(50)}`);
    const names = readdirSync(folder).sort();
    expect(names).toEqual(['asc-net.1.log', 'asc-net.2.log', 'asc-net.3.log', 'asc-net.log']);
    for (const name of names) expect(statSync(path.join(folder, name)).size).toBeLessThan(2000 + 200);
    const [newest, before] = log.read();
    expect(newest?.text).toContain('line 499 ');
    // No line between the newest file and the one before it is lost.
    const first = Number(/line (\d+)/.exec(newest?.text ?? '')?.[1]);
    expect(before?.text).toContain(`line ${first - 1} `);
  });

  it('holds neither names nor paths, and says when', () => {
    const log = createLog({ folder, names: () => ['Anna Berg.nii.gz'], toTerminal: false });
    log("Anna Berg.nii.gz is gone: ENOENT, open '/data/Anna Berg/scan.nii'");
    expect(log.read().map(({ text }) => text.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z/, 'TIME'))).toEqual([
      "TIME <name> is gone: ENOENT, open '<path>'\n",
    ]);
  });

  it('is no reason to fail where it cannot be written', () => {
    const blocked = path.join(folder, 'file');
    writeFileSync(blocked, '');
    const log = createLog({ folder: path.join(blocked, 'logs'), names: () => [], toTerminal: false });
    expect(() => log('nothing')).not.toThrow();
    expect(log.read()).toEqual([]);
  });
});

describe('a report of a problem', () => {
  it('is a zip of exactly the texts that were shown, without the name of the reader', () => {
    const shown = collectReport(
      { 'ASC-Net': '1.2.3', Electron: '45' },
      { ...defaultSettings, reviewer: 'Dr. Anna Berg' },
      [{ name: 'asc-net.log', text: 'started\n' }],
    );
    const zip = unzipSync(zipReport(shown));
    expect(Object.entries(zip).map(([name, bytes]) => ({ name, text: strFromU8(bytes) }))).toEqual(shown);
    expect(Object.keys(zip)).toEqual(['versions.txt', 'settings.json', 'asc-net.log']);
    expect(strFromU8(zip['versions.txt'] as Uint8Array)).toBe('ASC-Net: 1.2.3\nElectron: 45\n');
    expect(JSON.stringify(shown)).not.toContain('Berg');
  });
});

describe('the settings file', () => {
  const file = (): string => path.join(folder, 'settings.json');

  it('says nothing where there is none, or a good one', () => {
    const first = new SettingsFile(folder);
    expect([first.get(), first.notice]).toEqual([defaultSettings, null]);
    first.save({ ...defaultSettings, theme: 'light' });
    const second = new SettingsFile(folder);
    expect([second.get().theme, second.notice]).toEqual(['light', null]);
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toMatchObject({ version: 2, theme: 'light' });
  });

  it('takes over a file from before there were versions', () => {
    writeFileSync(file(), '{"theme":"light","maskStyle":"fill"}');
    const { notice, ...read } = {
      notice: new SettingsFile(folder).notice,
      ...new SettingsFile(folder).get(),
    };
    expect(notice).toBeNull();
    // Who has such a file needs no tour.
    expect(read).toEqual({ ...defaultSettings, theme: 'light', maskStyle: 'fill', tourSeen: true });
  });

  it.each([
    ['', 'damaged'],
    ['{"theme":', 'damaged'],
    ['null', 'damaged'],
    ['[]', 'damaged'],
    ['{"version":"2"}', 'damaged'],
    ['{"version":2,"theme":"pink"}', 'not what they should be'],
    ['{"version":99,"theme":"dark"}', 'newer version'],
  ])('sets %s aside, and says so', (text, why) => {
    writeFileSync(file(), text);
    const settings = new SettingsFile(folder);
    expect(settings.get()).toEqual(defaultSettings);
    expect(settings.notice).toContain(why);
    expect(settings.notice).toContain('settings.broken.json');
    expect(readFileSync(path.join(folder, 'settings.broken.json'), 'utf8')).toBe(text);
    expect(existsSync(file())).toBe(false);
    settings.save(defaultSettings);
    expect(new SettingsFile(folder).notice).toBeNull();
  });

  it('starts with the usual ones where the file cannot even be read', () => {
    mkdirSync(file());
    expect(new SettingsFile(folder).notice).toContain('could not be read');
  });
});

describe('a page that is gone for a moment', () => {
  const train: JobRequest = { jobId: '1', type: 'continueTraining', outDir: '/out', backend: 'auto' };
  const event = (type: 'stopped' | 'paused'): PageEvent => ({ topic: 'engine', event: { jobId: '1', type } });

  it('hears the ends of jobs that it missed, and of those alone', () => {
    const posted: PageEvent[] = [];
    const link = new PageLink((sent) => posted.push(sent));
    expect(link.listen()).toEqual([]);
    link.sendOf(train, event('paused'));
    link.lost();
    link.sendOf(train, event('paused'));
    link.sendOf(train, event('stopped'));
    expect(posted).toEqual([event('paused')]);
    expect(link.listen()).toEqual([train]);
    expect(posted).toEqual([event('paused'), event('stopped')]);
    expect(link.listen()).toEqual([]);
  });

  it('is told the device that is known already', () => {
    const link = new PageLink(() => undefined);
    const device = { backend: 'wasm', label: 'CPU', version: '4', whyNotFaster: '' } as const;
    link.sendOf(train, { topic: 'engine', event: { jobId: '1', type: 'device', device } });
    expect(link.device).toEqual(device);
  });

  it('is started again three times in a minute, and not without end', () => {
    let now = 0;
    const revival = new PageRevival(() => now);
    expect([1, 2, 3, 4].map(() => revival.crashed())).toEqual([true, true, true, false]);
    now = 60_000;
    expect(revival.crashed()).toBe(true);
  });
});

describe('power', () => {
  it('keeps the machine awake while there is work, once, and no longer', () => {
    const calls: string[] = [];
    const power = new Power({
      start: (type) => calls.push(`start ${type}`),
      stop: (id) => calls.push(`stop ${id}`),
    });
    for (const busy of [false, true, true, false, false]) power.setBusy(busy);
    expect(calls).toEqual(['start prevent-app-suspension', 'stop 1']);
  });

  it('holds the engine while the machine sleeps', () => {
    const listeners: Record<string, () => void> = {};
    const done: string[] = [];
    new Power({ start: () => 0, stop: () => undefined }).watch(
      { on: (name, listener) => (listeners[name] = listener) },
      { suspend: () => done.push('suspend'), wake: () => done.push('wake') },
      () => undefined,
    );
    listeners['suspend']?.();
    listeners['resume']?.();
    expect(done).toEqual(['suspend', 'wake']);
  });
});
