import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createModel } from '../../../main/engine/jobs/kerasModels';
import { makeHdf5, type Hdf5Group } from '../../../main/engine/keras/hdf5';
import { KERAS_FILES } from '../../../main/engine/keras/kerasFiles';
import { readKerasFile } from '../../../main/engine/keras/readKeras';
import { StudyFolder } from '../../../main/files/studyFolder';
import { StudyStore } from '../../../main/files/studyStore';
import { FileTokens } from '../../../main/files/tokens';
import { ExpectedError } from '../../../shared/failure';
import { defaultPreparation } from '../../../shared/imaging/preparation';
import type { FileToken } from '../../../shared/ipc/contract';
import { createRandom } from '../../../shared/random';
import { readStudyFile } from '../../../shared/study/migrations';
import type { StudyOf } from '../../../shared/study/studyFile';
import { startMain } from '../../helpers/mainProcess';
import { mutate } from '../shared/volume/mutate';

/*
 * Studies and models that come from a stranger: what they name may be read as what it claims to be, but nothing is written
 * outside of the study's own folder, and nothing in them runs.
 */
vi.mock('electron', () => ({ app: {}, dialog: {}, ipcMain: {}, nativeTheme: {} }));
const { allHandlers } = await import('../../../main/ipc/handlers/all');

const denied = expect.objectContaining({ kind: 'denied' }) as Error;
const empty = {
  name: 'x',
  scans: [],
  run: null,
  earlier: [],
  selected: null,
  preparation: defaultPreparation,
} satisfies StudyOf<FileToken>;

let place: string;
let outside: string;
beforeEach(() => {
  place = mkdtempSync(path.join(tmpdir(), 'asc-net-hostile-'));
  outside = path.join(place, 'outside');
  mkdirSync(outside);
  writeFileSync(path.join(outside, 'victim'), 'untouched');
});
afterEach(() => {
  expect(readdirSync(outside)).toEqual(['victim']);
  expect(readFileSync(path.join(outside, 'victim'), 'utf8')).toBe('untouched');
  rmSync(place, { recursive: true, force: true });
});

/** A study of a stranger that is open. */
function openStudy(): { folder: StudyFolder; store: StudyStore; at: string } {
  const at = path.join(place, 'study');
  mkdirSync(at, { recursive: true });
  const folder = new StudyFolder(path.join(place, 'profile'));
  const store = new StudyStore(folder, new FileTokens(), path.join(place, 'profile'));
  folder.moveTo(at);
  return { folder, store, at };
}

// Making links asks for rights on Windows that a test seldom has.
describe.skipIf(process.platform === 'win32')('a study whose folder holds links that lead out of it', () => {
  it.each(['masks', 'runs', 'results', 'imports', 'sample'])('writes nothing through %s', (name) => {
    const { folder, at } = openStudy();
    symlinkSync(outside, path.join(at, name));
    const write: Record<string, () => string> = {
      masks: () => folder.journal('6a0f4b8e-1111-4111-8111-111111111111'),
      runs: () => folder.nextRun(),
      results: () => folder.nextResult(),
      imports: () => folder.nextImport(),
      sample: () => folder.sample(),
    };
    expect(write[name]).toThrowError(denied);
  });

  it('writes nothing through the journal of one mask, also where its target is not there yet', () => {
    const { folder, at } = openStudy();
    const id = '6a0f4b8e-1111-4111-8111-111111111111';
    mkdirSync(path.join(at, 'masks'));
    symlinkSync(path.join(outside, 'new'), path.join(at, 'masks', `${id}.jsonl`));
    expect(() => folder.journal(id)).toThrowError(denied);
  });

  it('replaces its own files, and not what they are links to', async () => {
    const { store, at } = openStudy();
    for (const name of ['study.json', 'study.ascnet'])
      symlinkSync(path.join(outside, 'victim'), path.join(at, name));
    await store.save(empty);
    expect(readStudyFile(readFileSync(path.join(at, 'study.json'), 'utf8')).study.name).toBe('x');
  });

  it('makes no backup through a link', async () => {
    const { store, at } = openStudy();
    writeFileSync(path.join(at, 'study.json'), '{}');
    symlinkSync(path.join(outside, 'victim'), path.join(at, 'study.backup.json'));
    await expect(store.save(empty)).rejects.toThrowError(denied);
  });
});

it('a run that a study names elsewhere can be segmented with, and not trained on', async () => {
  const main = startMain(path.join(place, 'main'));
  const handlers = allHandlers(main.services);
  const run = main.services.tokens.adopt(path.join(outside, 'run'), 'run', 0).token;
  await expect(
    Promise.resolve().then(() => handlers['training:continue']({ run, backend: 'auto' })),
  ).rejects.toThrowError(denied);
  expect(main.asked).toEqual([]);
  await handlers['inference:segment']({
    run,
    scan: main.tokens.scan,
    brain: null,
    contrasts: {},
    samples: 0,
    backend: 'auto',
  });
  await handlers['training:continue']({ run: main.tokens.run, backend: 'auto' });
  expect(main.asked.map(({ type }) => type)).toEqual(['segment', 'continueTraining']);
});

describe('a hostile study file', () => {
  const good = { format: 'asc-net-study', version: 3, savedAt: '2026-01-01', study: empty };
  const written = (change: object): string =>
    JSON.stringify({ ...good, study: { ...good.study, ...change } });
  const damaged = expect.objectContaining({ kind: 'study-damaged' }) as Error;

  it('is read where nothing is wrong with it', () => {
    expect(readStudyFile(JSON.stringify(good)).study.name).toBe('x');
  });

  it.each([
    ['no JSON', '{'],
    ['another form', '[]'],
    ['a prototype', '{"__proto__":{"format":"asc-net-study","version":3},"polluted":1}'],
    ['keys of prototypes', written({ __proto__: null, ['__proto__x']: 1 })],
    ['a selected scan below zero', written({ selected: -1 })],
    ['scans that are no list', written({ scans: { length: 1e9 } })],
  ])('is refused with a sentence: %s', (_what, text) => {
    expect(() => readStudyFile(text)).toThrowError(damaged);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('cannot fill the memory with a range of slices', () => {
    const to = (last: number): string => written({ scans: [{ ...scanAt('x.nii'), reference: [[0, last]] }] });
    expect(readStudyFile(to(40)).study.scans).toHaveLength(1);
    expect(() => readStudyFile(to(2 ** 40))).toThrowError(damaged);
  });

  it('opens with paths of others as what they are: scans to be looked for, and never written', async () => {
    const { store, at } = openStudy();
    const scans = [{ ...scanAt('../outside/victim') }, { ...scanAt('/nowhere/x.nii') }];
    writeFileSync(path.join(at, 'study.json'), written({ scans }));
    const { study, missing } = await store.current();
    expect(study?.scans.map(({ file }) => file.name)).toEqual(['victim']);
    expect(missing).toEqual(['x.nii']);
    await store.save(study as StudyOf<FileToken>);
    expect(existsSync('/nowhere')).toBe(false);
  });
});

function scanAt(where: string): object {
  return {
    file: { path: where, sizeBytes: 1 },
    facts: {
      dims: [1, 1, 1],
      zooms: [1, 1, 1],
      orientation: 'RAS',
      plane: 'axial',
      sliceCount: 1,
      warnings: [],
    },
    isInput: true,
    reference: [],
    truth: null,
    brain: null,
    contrasts: {},
    cursor: null,
    segmentation: null,
    masks: [],
    shownMask: null,
    decisions: [],
    state: 'not started',
    declared: null,
    slices: { done: [], flagged: [] },
    lesionMm3: null,
    thumbnail: null,
  };
}

describe('a hostile model', () => {
  const unreadable = expect.objectContaining({ kind: 'model-unreadable' }) as Error;

  it('cannot reach another file by a link', async () => {
    const victim = path.join(outside, 'victim');
    const bytes = await makeHdf5((root) => {
      const group = root as Hdf5Group & {
        create_external_link(file: string, object: string, name: string): void;
      };
      group.create_external_link(victim, '/', 'model_weights');
    });
    await expect(readKerasFile(bytes, 'linked.h5')).rejects.toThrowError(unreadable);
  });

  it('with a layer that holds code is refused, and the code stays text', async () => {
    const bytes = await makeHdf5((root) => {
      const lambda = { class_name: 'Lambda', config: { function: ['globalThis.ran = true', null, null] } };
      root.create_attribute(
        'model_config',
        JSON.stringify({ class_name: 'Functional', config: { layers: [lambda] } }),
      );
      root.create_group('model_weights').create_attribute('layer_names', ['lambda']);
    });
    await expect(readKerasFile(bytes, 'lambda.h5')).rejects.toThrowError(unreadable);
    expect('ran' in globalThis).toBe(false);
  });

  it('with any of its bytes changed is read, or refused with a sentence', async () => {
    const made = path.join(place, 'made');
    await createModel(made, { height: 16, width: 16, baseWidth: 1 }, 1, false);
    const whole = readFileSync(path.join(made, KERAS_FILES.generator));
    const random = createRandom(7);
    for (let round = 0; round < 60; round += 1) {
      const bytes = mutate(whole, whole.length, random);
      const outcome = await readKerasFile(bytes, 'changed.h5').then(
        () => null,
        (error: unknown) => error,
      );
      if (outcome !== null) expect(outcome).toBeInstanceOf(ExpectedError);
    }
  });
});
