import { describe, expect, it } from 'vitest';
import type { JobEvent } from '../../../main/engine/jobs/context';
import { JobControls } from '../../../main/engine/jobs/controls';
import { limitEvents } from '../../../main/engine/jobs/eventLimit';

const progress = (fraction: number): JobEvent => ({
  type: 'progress',
  phase: 'generator',
  fraction,
  remainingMs: null,
  message: '',
});
const cycle = (n: number): JobEvent => ({ type: 'cycle', cycle: n, stage: 1, split: false });
const checkpoint = (n: number): JobEvent => ({ type: 'checkpoint', cycle: n, sizeBytes: 1 });

describe('the limit of events', () => {
  it('lets at most ten pass in any second, whatever comes', () => {
    let now = 0;
    const sent: { at: number; event: JobEvent }[] = [];
    const limit = limitEvents(
      (event) => sent.push({ at: now, event }),
      () => now,
    );
    for (let i = 0; i < 4000; i += 1) {
      now = i * 1.7;
      limit.emit(progress(i));
      if (i % 3 === 0) limit.emit(cycle(i));
      if (i % 5 === 0) limit.emit(checkpoint(i));
    }
    for (const { at } of sent) {
      expect(sent.filter((other) => other.at >= at && other.at < at + 1000).length).toBeLessThanOrEqual(10);
    }
    // It is not silent either, and of each kind the newest comes through.
    expect(sent.length).toBeGreaterThan(50);
    for (const type of ['progress', 'cycle', 'checkpoint']) {
      expect(sent.filter(({ event }) => event.type === type).length).toBeGreaterThan(10);
    }
  });

  it('does not let the frequent crowd out the rare', () => {
    let now = 0;
    const sent: JobEvent[] = [];
    const limit = limitEvents(
      (event) => sent.push(event),
      () => now,
    );
    for (let i = 0; i < 20; i += 1) limit.emit(progress(i));
    limit.emit(cycle(1));
    now = 1000;
    limit.emit(progress(20));
    expect(sent.slice(10)).toEqual([cycle(1), progress(20)]);
  });

  it('sends the newest of what had to wait, and what is urgent at once', () => {
    let now = 0;
    const sent: JobEvent[] = [];
    const limit = limitEvents(
      (event) => sent.push(event),
      () => now,
    );
    for (let i = 0; i < 30; i += 1) limit.emit(cycle(i));
    expect(sent).toEqual(Array.from({ length: 10 }, (_, i) => cycle(i)));
    limit.emit({ type: 'warning', message: 'look' });
    expect(sent.at(-1)).toEqual({ type: 'warning', message: 'look' });
    now = 1001;
    limit.flush();
    expect(sent.at(-1)).toEqual(cycle(29));
    expect(sent).toHaveLength(12);
  });
});

describe('controls of jobs', () => {
  it('hold a paused job until it may go on, and tell of both', async () => {
    const controls = new JobControls();
    const told: string[] = [];
    const context = controls.contextOf('1', (event) => told.push(event.type));
    await context.whilePaused();
    controls.pause('1');
    let wentOn = false;
    const waiting = context.whilePaused().then(() => {
      wentOn = true;
    });
    await Promise.resolve();
    expect([told, wentOn]).toEqual([['paused'], false]);
    controls.resume('1');
    await waiting;
    expect([told, wentOn, context.shouldStop()]).toEqual([['paused', 'resumed'], true, false]);
  });

  it('let a paused job stop, and pause no stopped one', async () => {
    const controls = new JobControls();
    const context = controls.contextOf('1', () => undefined);
    controls.pause('1');
    const waiting = context.whilePaused();
    controls.stop('1');
    await waiting;
    expect(context.shouldStop()).toBe(true);
    controls.pause('1');
    await context.whilePaused();
    expect(controls.contextOf('2', () => undefined).shouldStop()).toBe(false);
    controls.forget('1');
    expect(context.shouldStop()).toBe(false);
  });
});
