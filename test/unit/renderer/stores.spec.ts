import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { FileToken } from '../../../shared/ipc/contract';
import type { ParsedScan } from '../../../renderer/workers/parseScan';

const asked = vi.hoisted(() => [] as [string, unknown][]);
const answers = vi.hoisted(() => ({}) as Record<string, unknown>);
vi.mock('../../../renderer/ipc/client', async () => {
  const { toFailure } = await import('../../../shared/failure');
  return {
    ask: (channel: string, request: unknown) => {
      asked.push([channel, request]);
      return Promise.resolve(answers[channel] ?? {});
    },
    failureFrom: toFailure,
    adoptFiles: () => Promise.resolve({ files: [], refused: [] }),
  };
});
const load = vi.hoisted(() => vi.fn());
vi.mock('../../../renderer/workers/scanLoader', () => ({
  ScanLoader: class {
    load = load;
  },
}));
vi.mock('../../../renderer/workers/reviewSession', () => ({
  ReviewSession: class {
    open = () => Promise.resolve({ iro: null, depth: null, spread: null });
    measure = () => undefined;
    dispose = () => undefined;
  },
}));

const { defaultRules } = await import('../../../shared/lesions/lesionMask');
const { identityAffine } = await import('../../../shared/geometry/affine');
const { voxelPoint } = await import('../../../shared/geometry/points');
const { planeOrientation } = await import('../../../shared/geometry/sliceGrid');
const { layoutOf } = await import('../../../renderer/viewer/slicePlane');
const { ExpectedError } = await import('../../../shared/failure');
const { useDecisionsStore } = await import('../../../renderer/stores/decisions');
const { useEditsStore } = await import('../../../renderer/stores/edits');
const { useJobsStore } = await import('../../../renderer/stores/jobs');
const { useMessagesStore } = await import('../../../renderer/stores/messages');
const { usePaintingStore } = await import('../../../renderer/stores/painting');
const { useReviewStore } = await import('../../../renderer/stores/review');
const { useStudyStore } = await import('../../../renderer/stores/study');
const { useTrainingStore } = await import('../../../renderer/stores/training');
const { useViewStore } = await import('../../../renderer/stores/view');
const { createCommands } = await import('../../../renderer/commands/appCommands');
const { menuCommandSchema } = await import('../../../shared/ipc/contract');

const token = (digit: string): FileToken => ({ token: digit.repeat(32), name: `${digit}.nii`, sizeBytes: 1 });
const parsed = (): ParsedScan => ({
  thumbnail: null,
  facts: {
    dims: [4, 4, 9],
    zooms: [1, 1, 1],
    orientation: 'RAS',
    plane: 'axial',
    head: null,
    sliceCount: 9,
    warnings: [],
  },
  volume: {
    pixels: new Int16Array(144),
    layout: layoutOf(planeOrientation({ dims: [4, 4, 9], zooms: [1, 1, 1], affine: identityAffine })),
    affine: identityAffine,
    windows: { auto: { centre: 1, width: 2 } },
  } as ParsedScan['volume'],
});

beforeEach(() => {
  setActivePinia(createPinia());
  asked.length = 0;
  load.mockReset().mockImplementation(() => Promise.resolve(parsed()));
});

describe('painting', () => {
  it('ends a stroke with the scan that it began on, whatever a key brings up under the button', async () => {
    const [study, edits, painting, review] = [
      useStudyStore(),
      useEditsStore(),
      usePaintingStore(),
      useReviewStore(),
    ];
    const beginOn = async (file: FileToken): Promise<void> => {
      await study.add(file);
      painting.beginEmpty();
      await vi.waitFor(() => expect(review.open?.token).toBe(file.token));
    };
    await beginOn(token('b'));
    await beginOn(token('a'));
    painting.tool = 'brush';
    painting.brushMm = 0.5;
    painting.press(voxelPoint(1, 1, 1), 2);
    await study.select(token('b').token);
    painting.drag(voxelPoint(3, 1, 1));
    painting.release();
    expect(edits.undoName).toBeNull();
    expect(edits.open()?.voxels.some((value) => value !== 0)).toBe(false);
    await study.select(token('a').token);
    expect(edits.undoName).toBe('Brush');
    expect([...(edits.open()?.voxels ?? [])].filter((value) => value !== 0)).toHaveLength(1);
  });
});

describe('the study', () => {
  it('opens a scan once and selects it', async () => {
    const study = useStudyStore();
    await study.add(token('a'));
    await study.add(token('b'));
    await study.add(token('a'));
    expect(study.scans.map(({ file }) => file.name)).toEqual(['a.nii', 'b.nii']);
    expect(study.selected?.file.name).toBe('a.nii');
    expect(study.volume).not.toBeNull();
  });

  it('leaves nothing half open of a scan that cannot be read', async () => {
    load.mockRejectedValue(new ExpectedError('not-nifti', 'a.nii is not a NIfTI file.'));
    const study = useStudyStore();
    expect(await study.add(token('a'))).toBe(false);
    expect(study.scans).toEqual([]);
    expect(study.loading).toEqual([]);
    expect(study.selected).toBeNull();
    expect(asked).toContainEqual(['files:forget', { token: token('a').token }]);
    expect(useMessagesStore().messages.map(({ text }) => text)).toEqual(['a.nii is not a NIfTI file.']);
  });

  it('keeps marks in order, once each, and within the scan', async () => {
    const study = useStudyStore();
    const { token: id } = token('a');
    await study.add(token('a'));
    study.setReference(id, [5, 2, 5, -1, 9, 100], true);
    expect(study.selected?.reference).toEqual([2, 5]);
    study.setReference(id, [2], false);
    expect(study.selected?.reference).toEqual([5]);
  });

  it('takes away what was said of slices where they are others from now on, with a way back', async () => {
    const [study, decisions, messages] = [useStudyStore(), useDecisionsStore(), useMessagesStore()];
    const { token: id } = token('a');
    await study.add(token('a'));
    study.setReference(id, [3], true);
    decisions.markSlice(4, 'done');
    study.setPlane('axial');
    expect(study.selected?.reference).toEqual([3]);
    study.setPlane('coronal');
    expect(study.selected?.facts).toMatchObject({ plane: 'coronal', sliceCount: 4 });
    expect([study.selected?.reference, decisions.marksOf(id).done]).toEqual([[], []]);
    await study.add(token('b'));
    expect(study.selected?.facts.plane).toBe('coronal');
    messages.messages.at(-1)?.action?.run();
    expect([study.scans[0]?.reference, decisions.marksOf(id).done]).toEqual([[3], [4]]);
    expect(study.preparation.plane).toBe('axial');
    expect(study.scans.map(({ facts }) => facts.plane)).toEqual(['axial', 'axial']);
  });

  it('trains on marked slices of any scan and all slices of the inputs', async () => {
    const study = useStudyStore();
    await study.add(token('a'));
    await study.add(token('b'));
    study.setReference(token('a').token, [1, 2], true);
    study.setInput(token('a').token, false);
    study.setContrasts(token('b').token, { T1: token('c') });
    expect(study.trainingScans()).toEqual({
      reference: [{ token: token('a').token, slices: [1, 2], brain: null, contrasts: {} }],
      input: [{ token: token('b').token, slices: null, brain: null, contrasts: { T1: token('c').token } }],
    });
    study.preparation = { ...study.preparation, contrasts: ['T1'] };
    expect(study.withoutContrast).toEqual([{ scan: token('a').name, contrast: 'T1' }]);
  });

  it('is forgotten by every store when it leaves, and comes back with an undo', async () => {
    const [study, view, review, decisions] = [
      useStudyStore(),
      useViewStore(),
      useReviewStore(),
      useDecisionsStore(),
    ];
    const { token: id } = token('a');
    await study.add(token('a'));
    study.setReference(id, [3], true);
    view.setSlice(4);
    view.place = 'review';
    view.setMainPlane('coronal');
    expect([view.sliceIn('axial'), view.mainPlane, view.mainCount]).toEqual([4, 'coronal', 4]);
    view.setWindow({ centre: 5, width: 6 });
    review.segmentations = {
      [id]: { result: {} as never, threshold: 0.5, rules: defaultRules },
    };
    decisions.markSlice(4, 'done');
    decisions.declare('flagged');
    expect(decisions.stateOf(id)).toBe('flagged');
    study.remove(id);
    expect(study.scans).toEqual([]);
    expect(study.selectedToken).toBeNull();
    expect(study.volume).toBeNull();
    const states = [
      ...[view.cursors, view.chosenPlanes, view.windows, review.segmentations, review.open],
      ...[decisions.slices, decisions.declared],
    ];
    expect(JSON.stringify(states)).not.toContain(id);

    useMessagesStore().messages[0]?.action?.run();
    await vi.waitFor(() => expect(study.volume).not.toBeNull());
    expect(study.selected?.reference).toEqual([3]);
  });
});

describe('jobs', () => {
  it('go from start to result, and events that come before the answer are not lost', async () => {
    const jobs = useJobsStore();
    const started = jobs.run('probe', 'Looking', () => {
      jobs.receive({ topic: 'finished', jobId: '1', result: { job: 'probe' } });
      return Promise.resolve({ jobId: '1' });
    });
    expect(await started).toEqual({ job: 'probe' });
    expect(jobs.running).toEqual([]);
  });

  it('show how far they are, and end as stopped or failed', async () => {
    const jobs = useJobsStore();
    const failing = jobs.run('sample', 'Making', () => Promise.resolve({ jobId: '1' }));
    const stopping = jobs.run('train', 'Training', () => Promise.resolve({ jobId: '2' }));
    await vi.waitFor(() => expect(jobs.running).toHaveLength(2));
    jobs.receive({
      topic: 'engine',
      event: {
        jobId: '2',
        type: 'progress',
        phase: 'generator',
        fraction: 1.2,
        remainingMs: 5,
        message: 'x',
      },
    });
    expect(jobs.running[1]).toMatchObject({ fraction: 1, remainingMs: 5, message: 'x' });
    await jobs.setPaused('2', true);
    expect(jobs.running[1]).toMatchObject({ pauseAsked: true, paused: false });
    jobs.receive({ topic: 'engine', event: { jobId: '2', type: 'paused' } });
    expect(jobs.running[1]?.paused).toBe(true);
    await jobs.setPaused('2', false);
    jobs.receive({ topic: 'engine', event: { jobId: '2', type: 'resumed' } });
    expect(jobs.running[1]).toMatchObject({ pauseAsked: false, paused: false });
    expect(asked.slice(-2)).toEqual([
      ['jobs:pause', { jobId: '2' }],
      ['jobs:resume', { jobId: '2' }],
    ]);
    await jobs.stop('2');
    expect(jobs.running[1]?.stopping).toBe(true);
    jobs.receive({ topic: 'engine', event: { jobId: '2', type: 'stopped' } });
    expect(await stopping).toBeNull();
    const failure = { kind: 'engine-crashed', message: 'It crashed.', detail: '' };
    jobs.receive({ topic: 'engine', event: { jobId: '1', type: 'failed', failure } });
    await expect(failing).rejects.toMatchObject({ kind: 'engine-crashed', message: 'It crashed.' });
    expect(jobs.running).toEqual([]);
  });
});

describe('training', () => {
  it('says what is missing until there is something to train on', async () => {
    const [study, training] = [useStudyStore(), useTrainingStore()];
    expect(training.missing).toBe('No scans yet.');
    await study.add(token('a'));
    expect(training.missing).toMatch(/^No reference slices yet/);
    study.setReference(token('a').token, [1], true);
    expect(training.missing).toBeNull();
    study.setInput(token('a').token, false);
    expect(training.missing).toMatch(/input/);
  });

  it('keeps the run of an earlier training when a later one fails', async () => {
    answers['training:unfinished'] = { runs: [] };
    const [study, training, jobs] = [useStudyStore(), useTrainingStore(), useJobsStore()];
    await study.add(token('a'));
    study.setReference(token('a').token, [1], true);
    answers['training:start'] = { jobId: '1' };
    const first = training.start();
    await vi.waitFor(() => expect(jobs.running).toHaveLength(1));
    jobs.receive({
      topic: 'finished',
      jobId: '1',
      result: {
        job: 'train',
        run: token('c'),
        device: { backend: 'wasm', label: '', version: '', whyNotFaster: '' },
        cycles: 1,
        stoppedEarly: false,
        ended: 'cycles',
        fullTrainingMs: null,
        durationMs: 1,
      },
    });
    expect((await first)?.run).toEqual(token('c'));
    // An interrupted training of another day.
    const old = { run: token('d'), stage: 1, cycle: 1, cycles: 2, preset: 'quick', width: 4 };
    answers['training:unfinished'] = { runs: [{ ...old, savedAt: '2001-01-01T00:00:00.000Z' }] };
    answers['training:start'] = { jobId: '2' };
    const second = training.start();
    await vi.waitFor(() => expect(jobs.running).toHaveLength(1));
    const failure = { kind: 'out-of-memory', message: 'Too big.', detail: '' };
    jobs.receive({ topic: 'engine', event: { jobId: '2', type: 'failed', failure } });
    expect(await second).toBeNull();
    expect(training.state).toEqual({ kind: 'failed', message: 'Too big.' });
    expect(training.run?.run).toEqual(token('c'));
    const messages = useMessagesStore();
    // Nothing of it was kept: there is nothing to go on from.
    expect(messages.messages.at(-1)).toMatchObject({ text: 'Too big.', kind: 'out-of-memory', action: null });

    answers['training:start'] = { jobId: '3' };
    const third = training.start();
    await vi.waitFor(() => expect(jobs.running).toHaveLength(1));
    const crash = { kind: 'engine-crashed', message: 'It crashed.', detail: '' };
    jobs.receive({ topic: 'engine', event: { jobId: '3', type: 'failed', failure: crash } });
    expect(await third).toBeNull();
    const crashed = messages.messages.at(-1);
    expect(crashed?.action?.title).toBe('Go on from its checkpoint');
    answers['training:continue'] = { jobId: '4' };
    crashed?.action?.run();
    await vi.waitFor(() => expect(jobs.running).toHaveLength(1));
    expect(asked).toContainEqual(['training:continue', { run: token('d').token, backend: 'auto' }]);
  });
});

describe('the commands', () => {
  it('hold every one that the menu shows', () => {
    const registry = createCommands();
    expect(menuCommandSchema.options.filter((id) => registry.get(id) === null)).toEqual([]);
  });

  it('name what undo would take back, and say a key that the reader has changed', () => {
    const registry = createCommands();
    expect(registry.get('edit.undo')?.now?.()).toBe('Undo');
    useViewStore().settings = { ...useViewStore().settings, keys: { 'export.mask': ['Ctrl+M'] } };
    expect(registry.keysOf('export.mask')).toEqual(['Ctrl+M']);
  });
});
