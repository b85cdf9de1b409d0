import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writeFileAtomic } from '../../../main/files/atomicWrite';
import { writeOutputs } from '../../../main/files/outputs';
import { SettingsFile } from '../../../main/files/settings';
import { StudyFolder } from '../../../main/files/studyFolder';
import { StudyStore } from '../../../main/files/studyStore';
import { FileTokens } from '../../../main/files/tokens';
import { createLog } from '../../../main/log';
import { ensureBuilt } from '../../../scripts/build.mjs';
import { defaultPreparation } from '../../../shared/imaging/preparation';
import { defaultSettings } from '../../../shared/ipc/contract';
import { journalLine, journalStart, readJournal } from '../../../shared/study/maskJournal';
import { readStudyFile } from '../../../shared/study/migrations';
import { absent } from '../../helpers/absent';
import { smallDisk, type SmallDisk } from '../../helpers/smallDisk';
import { writeSets } from '../../helpers/trainingSets';

const KILOBYTE = 1024;
let disk: SmallDisk;
const canMount = ((): boolean => {
  const tried = process.platform === 'linux' ? smallDisk(64 * KILOBYTE) : null;
  tried?.remove();
  return tried !== null;
})();
if (!canMount) absent('A file system that may be filled', 'Run the tests as root on Linux.');

const plug = (bytes: number): SmallDisk => {
  disk = smallDisk(bytes) as SmallDisk;
  return disk;
};
afterEach(() => canMount && disk.remove());

const unwritable = expect.objectContaining({ kind: 'file-unwritable' });
const parts = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.part'));
const study = (name: string): Parameters<StudyStore['save']>[0] => ({
  name,
  preparation: defaultPreparation,
  run: null,
  earlier: [],
  selected: null,
  scans: [],
});

describe.skipIf(!canMount)('a disk that fills', () => {
  it('leaves the study file and its backup whole, and the next save goes through once there is room', async () => {
    const { folder, fill, makeRoom } = plug(512 * KILOBYTE);
    const place = new StudyFolder(folder);
    const store = new StudyStore(place, new FileTokens(), folder);
    await store.save(study('First'));
    const second = 'S'.repeat(40 * KILOBYTE);
    await store.save(study(second));
    fill(0);
    const large = 'x'.repeat(64 * KILOBYTE);
    await expect(store.save(study(large))).rejects.toEqual(unwritable);
    const names = (): string[] =>
      ['study.json', 'study.backup.json'].map(
        (name) => readStudyFile(readFileSync(path.join(place.path, name), 'utf8')).study.name,
      );
    // The backup is larger than the one that it would replace: no room for that either.
    expect(names()).toEqual([second, 'First']);
    expect(parts(place.path)).toEqual([]);
    makeRoom();
    await store.save(study(large));
    expect(names()).toEqual([large, second]);
  });

  it('leaves no part of what belongs together', async () => {
    const { folder, fill } = plug(512 * KILOBYTE);
    fill(100 * KILOBYTE);
    const files = [
      ['mask.nii', new Uint8Array(64 * KILOBYTE)],
      ['iro.nii', new Uint8Array(64 * KILOBYTE)],
    ] as const;
    await expect(writeOutputs(folder, files, false)).rejects.toEqual(unwritable);
    expect(readdirSync(folder)).toEqual(['filling']);
  });

  it('costs no edit: half a line is passed over when the line is written again', () => {
    const { folder, fill, makeRoom } = plug(256 * KILOBYTE);
    const journal = path.join(folder, 'mask.jsonl');
    const mask = new Uint8Array(1000);
    writeFileSync(journal, journalStart(mask));
    const lines = Array.from({ length: 400 }, (_, i) =>
      journalLine(i + 1, { type: 'edit', name: 'Brush', runs: [i, 1] }),
    );
    fill(2 * KILOBYTE);
    let refused = -1;
    for (const [i, line] of lines.entries()) {
      try {
        appendFileSync(journal, line);
      } catch {
        refused = i;
        break;
      }
    }
    expect(refused).toBeGreaterThan(0);
    makeRoom();
    for (const line of lines.slice(refused)) appendFileSync(journal, line);
    expect(readJournal(readFileSync(journal, 'utf8'))).toMatchObject({
      broken: false,
      history: { done: 400 },
    });
  });

  it('is a failure like others where settings cannot be saved, and none at all for the log', () => {
    const { folder, fill } = plug(128 * KILOBYTE);
    const settings = new SettingsFile(folder);
    settings.save(defaultSettings);
    const log = createLog({ folder: path.join(folder, 'logs'), names: () => [], toTerminal: false });
    log('before');
    fill(0);
    const keys = Object.fromEntries(Array.from({ length: 800 }, (_, i) => [`command${i}`, ['A']]));
    expect(() => settings.save({ ...defaultSettings, keys })).toThrowError(unwritable);
    expect(new SettingsFile(folder)).toMatchObject({ notice: null });
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(() => log('x'.repeat(20 * KILOBYTE))).not.toThrow();
  });
});

describe.skipIf(!canMount)('a share that goes away in the middle of a write', () => {
  it('is said, and leaves nothing half written behind, neither there nor where it was', async () => {
    const { folder, vanish, putBack } = plug(512 * KILOBYTE);
    const target = path.join(folder, 'masks', 'mask.nii');
    function* pieces(): Generator<Uint8Array> {
      yield new Uint8Array(1000);
      vanish();
      yield new Uint8Array(1000);
    }
    await expect(writeFileAtomic(target, pieces())).rejects.toEqual(unwritable);
    expect(readdirSync(folder)).toEqual([]);
    putBack();
    await writeFileAtomic(target, new Uint8Array(10));
    expect(readdirSync(path.dirname(target))).toEqual(['mask.nii']);
  });

  it('lets the study be saved again once it is back', async () => {
    const { folder, vanish, putBack } = plug(512 * KILOBYTE);
    const home = mkdtempSync(path.join(tmpdir(), 'asc-net-home-'));
    try {
      const place = new StudyFolder(home);
      const store = new StudyStore(place, new FileTokens(), home);
      place.moveTo(path.join(folder, 'study'));
      await store.save(study('There'));
      vanish();
      // What the share was mounted on may be read only for others; root could write there, as it can anywhere.
      writeFileSync(path.join(folder, 'study'), 'a file in the way');
      await expect(store.save(study('Gone'))).rejects.toEqual(unwritable);
      rmSync(path.join(folder, 'study'));
      putBack();
      await store.save(study('Back'));
      expect(readStudyFile(readFileSync(place.file, 'utf8')).study.name).toBe('Back');
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
});

describe.skipIf(!canMount)('a training on a disk that fills', () => {
  let home: string;
  const cli = path.join(import.meta.dirname, '..', '..', '..', 'out', 'main', 'cli.cjs');
  const train = (out: string, ...args: string[]): { status: number | null; stderr: string } =>
    spawnSync(
      process.execPath,
      [cli, 'train', '--data', path.join(home, 'sets'), '--out', out, '--backend', 'wasm', ...args],
      { encoding: 'utf8' },
    );
  const fresh = [
    '--width',
    '1',
    '--stage',
    '1',
    '--seed',
    '3',
    '--cycles',
    '3',
    '--set',
    'generatorEpochs=1',
  ];

  beforeAll(async () => {
    home = mkdtempSync(path.join(tmpdir(), 'asc-net-full-'));
    writeSets(path.join(home, 'sets'), { reference: 4, input: 4, side: 16 });
    await ensureBuilt({ wanted: ['node'] });
  }, 120_000);
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  it('ends with a sentence, and goes on to the same result once there is room', () => {
    const { folder, fill, makeRoom } = plug(4096 * KILOBYTE);
    const whole = path.join(home, 'whole');
    expect(train(whole, ...fresh).status).toBe(0);
    const run = path.join(folder, 'run');
    // Room for the first checkpoint, and not for the second.
    const size = readdirSync(path.join(whole, 'checkpoints')).map(
      (name) => readFileSync(path.join(whole, 'checkpoints', name)).length,
    )[0] as number;
    fill(Math.round(size * 1.5));
    const full = train(run, ...fresh);
    expect([full.status, full.stderr]).toEqual([
      1,
      expect.stringMatching(/cannot be written .*make room\.\n$/s),
    ]);
    expect(readdirSync(path.join(run, 'checkpoints'))).toHaveLength(1);
    expect(existsSync(path.join(run, 'run.json'))).toBe(false);
    makeRoom();
    const again = train(run, '--resume');
    expect([again.status, again.stderr]).toEqual([0, expect.anything()]);
    for (const name of ['generator.weights', 'discriminator.weights'])
      expect(readFileSync(path.join(run, name)).equals(readFileSync(path.join(whole, name)))).toBe(true);
  }, 120_000);
});
