import type { JobEvent } from './context';

/** Events that are too rare and too important to wait. */
const URGENT: ReadonlySet<JobEvent['type']> = new Set([
  'device',
  'warning',
  'paused',
  'resumed',
  'finished',
  'stopped',
  'failed',
]);
export interface EventLimit {
  emit(event: JobEvent): void;
  /** Sends what waits, as far as there is room: before the job's last event. */
  flush(): void;
}

/**
 * Passes events on, at most `mostASecond` in any second, apart from the urgent ones. Of what has to wait, the newest of each
 * type is kept; the type that was sent longest ago goes first, so that what is frequent does not crowd out what is rare.
 */
export function limitEvents(
  emit: (event: JobEvent) => void,
  nowMs: () => number,
  mostASecond = 10,
): EventLimit {
  /** When the events of the last second were sent. */
  let sentMs: number[] = [];
  /** Types in the order in which they were last sent. */
  const sent = new Set<JobEvent['type']>();
  const waiting = new Map<JobEvent['type'], JobEvent>();
  const nextWaiting = (): JobEvent | undefined => {
    for (const [type, event] of waiting) if (!sent.has(type)) return event;
    for (const type of sent) if (waiting.has(type)) return waiting.get(type);
    return undefined;
  };
  const flush = (): void => {
    const now = nowMs();
    sentMs = sentMs.filter((at) => now - at < 1000);
    while (sentMs.length < mostASecond) {
      const event = nextWaiting();
      if (!event) return;
      waiting.delete(event.type);
      sent.delete(event.type);
      sent.add(event.type);
      sentMs.push(now);
      emit(event);
    }
  };
  return {
    flush,
    emit(event) {
      if (URGENT.has(event.type)) {
        emit(event);
        return;
      }
      waiting.set(event.type, event);
      flush();
    },
  };
}
