import type { EpochSizes } from '../../../shared/study/epochSizes';
import type { TrainingSettings } from '../../../shared/study/trainingSettings';
import type { CycleRecord, TrainingState } from './state';

/** What one slice costs D (with the prediction of its first cut) relative to what it costs M; for the time left only. */
const DISCRIMINATOR_COST = 0.35;
/** Ends of cycles in a row at which the histogram must have split. */
export const CONFIRMATIONS = 2;

export type Ended = NonNullable<TrainingState['ended']>;

/** What follows a cycle whose histogram had split, or had not. */
export interface Decision {
  readonly stage: 1 | 2;
  readonly confirmations: number;
  readonly ended: Ended | null;
}

/** The stage of the first cycle. */
export function firstStage(settings: Pick<TrainingSettings, 'stage'>): 1 | 2 {
  return settings.stage === '2' ? 2 : 1;
}

/**
 * The stop rule. A split at the ends of two cycles in a row confirms; in `auto` a confirmation in stage 1, or half of the
 * cycles, leads to stage 2, where counting begins anew. A confirmation ends the training, and so does the last cycle.
 * @param cycle the cycle that has just ended, from 1
 */
export function afterCycle(
  settings: Pick<TrainingSettings, 'stage' | 'maxCycles' | 'stopWhenSplit'>,
  cycle: number,
  before: Pick<TrainingState, 'stage' | 'confirmations'>,
  split: boolean,
): Decision {
  const confirmations = split ? before.confirmations + 1 : 0;
  const confirmed = settings.stopWhenSplit && confirmations >= CONFIRMATIONS;
  const isLast = cycle >= settings.maxCycles;
  if (settings.stage === 'auto' && before.stage === 1 && !isLast) {
    const goesOn = confirmed || 2 * cycle >= settings.maxCycles;
    return { stage: goesOn ? 2 : 1, confirmations: goesOn ? 0 : confirmations, ended: null };
  }
  return { stage: before.stage, confirmations, ended: confirmed ? 'split' : isLast ? 'cycles' : null };
}

/** Estimated cost of D's and of M's part of a cycle, in slices of M. */
function phaseCosts(settings: TrainingSettings, sizes: EpochSizes, stage: 1 | 2): [number, number] {
  return [
    settings.discriminatorEpochs * stage * (sizes.reference + sizes.input) * DISCRIMINATOR_COST,
    // Its batches are the larger by what is pasted.
    settings.generatorEpochs * sizes.generator * (1 + settings.pastedBatch / settings.generatorBatch),
  ];
}

/** M's steps over all cycles: how many were taken, and how many there are. */
export function generatorSteps(
  settings: Pick<TrainingSettings, 'maxCycles' | 'generatorEpochs' | 'generatorBatch'>,
  sizes: EpochSizes,
  state: Pick<TrainingState, 'cycle' | 'epoch' | 'step'>,
): { done: number; total: number } {
  const { maxCycles, generatorEpochs, generatorBatch } = settings;
  const perEpoch = Math.ceil(sizes.generator / generatorBatch);
  return {
    done: ((state.cycle - 1) * generatorEpochs + state.epoch) * perEpoch + state.step,
    total: maxCycles * generatorEpochs * perEpoch,
  };
}

/** Share of the training that is done, by estimated cost and by the longest time; the stop rule may end it earlier. */
export function fractionDone(
  settings: TrainingSettings,
  sizes: EpochSizes,
  state: Pick<TrainingState, 'cycle' | 'stage' | 'phase' | 'epoch' | 'step' | 'workedMs'>,
): number {
  const half = Math.ceil(settings.maxCycles / 2);
  const costOf = (cycle: number): [number, number] => {
    const later = settings.stage === 'auto' && cycle > half ? 2 : 1;
    return phaseCosts(
      settings,
      sizes,
      cycle === state.cycle ? state.stage : settings.stage === '2' ? 2 : later,
    );
  };
  const [d, m] = costOf(state.cycle);
  let done = 0;
  let all = 0;
  for (let cycle = 1; cycle <= settings.maxCycles; cycle++) {
    const [discriminator, generator] = costOf(cycle);
    all += discriminator + generator;
    if (cycle < state.cycle) done += discriminator + generator;
  }
  const isM = state.phase === 'generator';
  const epochs = isM ? settings.generatorEpochs : settings.discriminatorEpochs;
  const steps = stepsPerEpoch(settings, sizes, state.stage, state.phase);
  const share = Math.min(1, (state.epoch + state.step / steps) / Math.max(1, epochs));
  done += isM ? d + m * share : d * share;
  const byTime = settings.maxMinutes === null ? 0 : state.workedMs / (settings.maxMinutes * 60_000);
  return Math.min(1, Math.max(done / all, byTime));
}

/**
 * How long a number of cycles takes at the speed of those that were finished; null where none was. In `auto` the second half
 * is stage 2. Where a stage was not reached, its D counts by its share of slices and M as in the other.
 */
export function fullTrainingMs(
  stage: TrainingSettings['stage'],
  cycles: number,
  history: readonly CycleRecord[],
): number | null {
  const whole = history.filter((record) => record.split !== null);
  if (whole.length === 0) return null;
  const cycleMs = (wanted: 1 | 2): number => {
    const same = whole.filter((record) => record.stage === wanted);
    const taken = same.length > 0 ? same : whole;
    const factor = same.length > 0 ? 1 : wanted === 2 ? 2 : 0.5;
    const sum = taken.reduce((ms, record) => ms + record.discriminatorMs * factor + record.generatorMs, 0);
    return sum / taken.length;
  };
  const second = stage === '2' ? cycles : stage === '1' ? 0 : Math.floor(cycles / 2);
  return (cycles - second) * (second < cycles ? cycleMs(1) : 0) + second * (second > 0 ? cycleMs(2) : 0);
}

/** Batches of an epoch; the last may be smaller. */
export function stepsPerEpoch(
  settings: Pick<TrainingSettings, 'discriminatorBatch' | 'generatorBatch'>,
  sizes: EpochSizes,
  stage: 1 | 2,
  phase: TrainingState['phase'],
): number {
  return phase === 'generator'
    ? Math.ceil(sizes.generator / settings.generatorBatch)
    : Math.ceil((stage * (sizes.reference + sizes.input)) / settings.discriminatorBatch);
}
