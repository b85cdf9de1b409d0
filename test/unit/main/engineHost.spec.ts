import { beforeEach, describe, expect, it } from 'vitest';
import { EngineHost, MOST_FRUITLESS_ENDS, REST_MS, type EngineProcess } from '../../../main/engineHost';
import { defaultPreparation } from '../../../shared/imaging/preparation';
import type { EngineEvent, JobRequest } from '../../../shared/ipc/engineEvents';

class FakeProcess implements EngineProcess {
  readonly sent: unknown[] = [];
  killed = false;
  readonly #listeners: Record<string, ((value: never) => void)[]> = {};

  postMessage(message: unknown): void {
    this.sent.push(message);
  }
  on(event: string, listener: (value: never) => void): this {
    (this.#listeners[event] ??= []).push(listener);
    return this;
  }
  kill(): boolean {
    this.killed = true;
    return true;
  }
  lastWords(): string {
    return this.words;
  }
  words = '';
  emit(event: 'message' | 'exit', value: unknown): void {
    this.#listeners[event]?.forEach((listener) => listener(value as never));
  }
}

const train = (jobId: string): JobRequest => ({
  jobId,
  type: 'train',
  outDir: '/out',
  reference: [{ path: '/a.nii', slices: null, brain: null, contrasts: {} }],
  input: [{ path: '/a.nii', slices: null, brain: null, contrasts: {} }],
  preparation: defaultPreparation,
  preset: 'quick',
  overrides: {},
  watched: [],
  backend: 'auto',
});
const goOn = (jobId: string): JobRequest => ({
  jobId,
  type: 'continueTraining',
  outDir: '/out',
  backend: 'auto',
});
const probe = (jobId: string): JobRequest => ({ jobId, type: 'probe', backend: 'auto' });

describe('EngineHost', () => {
  let forked: FakeProcess[];
  let events: EngineEvent[];
  let logged: string[];
  let host: EngineHost;
  let now: number;
  let memoryKills: number;
  let busy: boolean[];
  const newest = (): FakeProcess => forked.at(-1) as FakeProcess;

  beforeEach(() => {
    forked = [];
    events = [];
    logged = [];
    now = 0;
    memoryKills = 0;
    busy = [];
    host = new EngineHost({
      fork: () => {
        forked.push(new FakeProcess());
        return newest();
      },
      onEvent: (event) => events.push(event),
      log: (line) => logged.push(line),
      onBusy: (is) => busy.push(is),
      memoryKills: () => memoryKills,
      nowMs: () => now,
    });
  });

  it('starts the process with the first job and keeps it for the next', () => {
    expect(forked).toHaveLength(0);
    host.start(probe('1'));
    host.start(probe('2'));
    expect(forked).toHaveLength(1);
    expect(newest().sent).toHaveLength(2);
  });

  it('passes events of its jobs on until they end, and none after', () => {
    host.start(probe('1'));
    newest().emit('message', { jobId: '1', type: 'finished', result: {} });
    newest().emit('message', { jobId: '1', type: 'stopped' });
    newest().emit('message', { jobId: 'stranger', type: 'stopped' });
    expect(events).toEqual([{ jobId: '1', type: 'finished', result: {} }]);
  });

  it('drops and logs what is no event', () => {
    host.start(probe('1'));
    newest().emit('message', { jobId: '1', type: 'progress', fraction: 'half' });
    newest().emit('message', null);
    expect(events).toEqual([]);
    expect(logged).toHaveLength(2);
  });

  it('answers every open job when the process dies, and starts a fresh one for the next', () => {
    host.start(train('1'));
    host.start(probe('2'));
    const died = newest();
    died.emit('exit', 139);
    expect(events.map((event) => [event.jobId, event.type])).toEqual([
      ['1', 'failed'],
      ['2', 'failed'],
    ]);
    const [first] = events;
    expect(first?.type === 'failed' && first.failure.kind).toBe('engine-crashed');
    expect(first?.type === 'failed' && first.failure.message).toContain('The training did not finish.');
    expect(first?.type === 'failed' && first.failure.detail).toContain('SIGSEGV');

    host.start(train('3'));
    expect(forked).toHaveLength(2);
    // Late words of the dead change nothing.
    died.emit('message', { jobId: '3', type: 'stopped' });
    died.emit('exit', 1);
    expect(events).toHaveLength(2);
  });

  it('refuses a second training, and takes one again when the first has ended', () => {
    host.start(train('1'));
    expect(() => host.start(train('2'))).toThrowError(expect.objectContaining({ kind: 'busy' }));
    host.start(probe('3'));
    newest().emit('message', { jobId: '1', type: 'stopped' });
    host.start(train('4'));
    expect(newest().sent).toHaveLength(3);
  });

  it.each([
    ['begun', train],
    ['gone on with', goOn],
  ])('knows a training that was %s, and refuses another beside it', (_, first) => {
    expect(host.isTraining).toBe(false);
    host.start(first('1'));
    expect(host.isTraining).toBe(true);
    for (const second of [train, goOn]) {
      expect(() => host.start(second('2'))).toThrowError(expect.objectContaining({ kind: 'busy' }));
    }
    newest().emit('message', { jobId: '1', type: 'stopped' });
    expect(host.isTraining).toBe(false);
  });

  it('asks only running jobs to stop, to pause and to go on', () => {
    host.tell('nothing', 'stop');
    host.start(train('1'));
    host.tell('1', 'pause');
    host.tell('1', 'resume');
    host.tell('1', 'stop');
    host.tell('2', 'stop');
    expect(newest().sent.slice(1)).toEqual([
      { jobId: '1', type: 'pause' },
      { jobId: '1', type: 'resume' },
      { jobId: '1', type: 'stop' },
    ]);
  });

  it.each([
    ['exit', 1, 'Error: x', 0, 'engine-crashed', 'ended by itself'],
    ['killed', 9, '', 0, 'engine-crashed', 'ended from outside'],
    ['killed for memory', 9, '', 1, 'out-of-memory', 'smaller width or a smaller batch'],
    ['crash', 139, '', 0, 'engine-crashed', 'it crashed'],
    ['missing instruction', 4, '', 0, 'backend-missing', 'Choose WebAssembly'],
  ])('tells its end apart: %s', (_name, code, words, kills, kind, sentence) => {
    host.start(train('1'));
    newest().words = words;
    memoryKills = kills;
    newest().emit('exit', code);
    const [failed] = events;
    if (failed?.type !== 'failed') throw new Error('it did not fail');
    expect(failed.failure.kind).toBe(kind);
    expect(failed.failure.message).toContain('The training did not finish.');
    expect(failed.failure.message).toContain(sentence);
  });

  it('does not start an engine without end that never gets anything done, and tries again after a rest', () => {
    for (let i = 0; i < MOST_FRUITLESS_ENDS; i += 1) {
      host.start(train(String(i)));
      newest().emit('exit', 11);
    }
    expect(() => host.start(train('refused'))).toThrowError(
      expect.objectContaining({ kind: 'engine-crashed', message: expect.stringContaining('wait 60 s') }),
    );
    // Nobody waits for an answer to what was refused.
    expect(host.isBusy).toBe(false);
    now += REST_MS;
    host.start(train('again'));
    newest().emit('exit', 11);
    expect(() => host.start(train('refused'))).toThrowError(/wait 60 s/);
    now += REST_MS;
    host.start(train('works'));
    newest().emit('message', { jobId: 'works', type: 'checkpoint', cycle: 1, sizeBytes: 1 });
    newest().emit('exit', 11);
    host.start(train('at once'));
    expect(forked).toHaveLength(MOST_FRUITLESS_ENDS + 3);
  });

  it('goes on for ever as long as each start gets something done', () => {
    for (let i = 0; i < 4 * MOST_FRUITLESS_ENDS; i += 1) {
      host.start(train(String(i)));
      newest().emit('message', { jobId: String(i), type: 'checkpoint', cycle: 1, sizeBytes: 1 });
      newest().emit('exit', 9);
    }
    expect(events.filter(({ type }) => type === 'failed')).toHaveLength(4 * MOST_FRUITLESS_ENDS);
  });

  it('says when work begins and ends, and takes a glance at the device for none', () => {
    host.start(probe('0'));
    host.start(train('1'));
    newest().emit('message', { jobId: '1', type: 'stopped' });
    host.start(train('2'));
    newest().emit('exit', 9);
    expect(busy).toEqual([true, false, true, false]);
  });

  it('holds trainings while the machine sleeps, and lets go on only what the reader has not paused', () => {
    host.start(train('1'));
    host.suspend();
    host.wake();
    host.tell('1', 'pause');
    host.suspend();
    host.wake();
    expect(newest().sent.slice(1)).toEqual([
      { jobId: '1', type: 'pause' },
      { jobId: '1', type: 'resume' },
      { jobId: '1', type: 'pause' },
    ]);
    expect(host.isPaused('1')).toBe(true);
    newest().emit('message', { jobId: '1', type: 'stopped' });
    expect(host.open).toEqual([]);
    expect(host.isPaused('1')).toBe(false);
  });

  it('ends the process with the program, quietly', () => {
    host.start(train('1'));
    const process = newest();
    host.dispose();
    process.emit('exit', 0);
    expect(process.killed).toBe(true);
    expect(events).toEqual([]);
  });
});
