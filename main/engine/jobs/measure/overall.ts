import { remaining, type JobContext, type JobEvent } from '../context';

/** One progress for a job that is made of many. */
export interface Overall {
  /** The context of a part that is so much of the whole, and the next one. */
  part(label: string, share: number): JobContext;
}

/**
 * Joins the progress of parts that follow each other to one, with the time left of all of them. What a part says beside it
 * is passed on; which device computes is said once.
 * @param total the shares of all parts together
 */
export function overall(context: JobContext, total: number): Overall {
  const startedMs = performance.now();
  let done = 0;
  let saidDevice = false;
  return {
    part(label, share) {
      const from = done / total;
      done += share;
      const emit = (event: JobEvent): void => {
        if (event.type === 'warning') context.emit({ ...event, message: `${label}: ${event.message}` });
        if (event.type === 'device' && !saidDevice) {
          saidDevice = true;
          context.emit(event);
        }
        if (event.type !== 'progress') return;
        const fraction = Math.min(1, from + (event.fraction * share) / total);
        const remainingMs = remaining(performance.now() - startedMs, fraction);
        context.emit({
          ...event,
          fraction: Math.min(fraction, 0.999),
          remainingMs,
          message: `${label}: ${event.message}`,
        });
      };
      return {
        ...context,
        emit,
        shouldStop: () => context.shouldStop(),
        whilePaused: () => context.whilePaused(),
      };
    },
  };
}
