import { beforeEach, describe, expect, it } from 'vitest';
import { EngineHost, type EngineProcess } from '../../../main/engineHost';
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
  emit(event: 'message' | 'exit', value: unknown): void {
    this.#listeners[event]?.forEach((listener) => listener(value as never));
  }
}

const train = (jobId: string): JobRequest => ({
  jobId,
  type: 'train',
  outDir: '/out',
  reference: [{ path: '/a.nii', slices: null, brain: null }],
  input: [{ path: '/a.nii', slices: null, brain: null }],
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
  const newest = (): FakeProcess => forked.at(-1) as FakeProcess;

  beforeEach(() => {
    forked = [];
    events = [];
    logged = [];
    host = new EngineHost({
      fork: () => {
        forked.push(new FakeProcess());
        return newest();
      },
      onEvent: (event) => events.push(event),
      log: (line) => logged.push(line),
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
    expect(first?.type === 'failed' && first.failure.detail).toContain('139');

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

  it('ends the process with the program, quietly', () => {
    host.start(train('1'));
    const process = newest();
    host.dispose();
    process.emit('exit', 0);
    expect(process.killed).toBe(true);
    expect(events).toEqual([]);
  });
});
