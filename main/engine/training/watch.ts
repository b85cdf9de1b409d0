import { levelPassedBy, sumCounts } from '../../../shared/imaging/histogram';

/** Spread of I_ro in the brain below which it counts as flat: a fiftieth of its range. */
const FLAT_SPREAD = 0.02;
/** Spread from which on it has contrast. */
const CONTRAST_SPREAD = 0.1;
/** Where |tanh| is beyond it, the gradient through it is under 2 % of its largest. */
const SATURATED_SCORE = 0.99;

/** Whether a batch's adversarial term, the mean of |D(I_fc) + 1|, still gives M a direction. */
export function isOpen(adversarial: number): boolean {
  return Math.abs(adversarial - 1) <= SATURATED_SCORE;
}

/** What the end of a cycle looks like, and whether the training broke down. */
export interface CycleHealth {
  /** Distance of the 5th from the 95th percentile of I_ro in the brain. */
  readonly iroSpread: number;
  readonly hadContrast: boolean;
  /** I_ro had contrast and has lost it. */
  readonly collapsed: boolean;
  /** Whether a training that breaks down later may go on from here: a flat I_ro is how the published start begins. */
  readonly sound: boolean;
  /** What looks wrong and what to change, in sentences. */
  readonly warnings: readonly string[];
}

/**
 * @param iroCounts I_ro in the brain in equal bins over [0, 1]
 * @param before whether I_ro had contrast at the end of an earlier cycle
 * @param hasOwnStart whether the layer that mixes I_ro was started apart (mixingStart)
 * @param adversary null where M trains without D
 */
export function judgeCycle(
  iroCounts: ArrayLike<number>,
  before: boolean,
  hasOwnStart: boolean,
  adversary: { readonly openSteps: number; readonly steps: number } | null,
): CycleHealth {
  const iroSpread =
    sumCounts(iroCounts) === 0 ? 0 : levelPassedBy(iroCounts, 0.05) - levelPassedBy(iroCounts, 0.95);
  const flat = iroSpread < FLAT_SPREAD;
  const warnings: string[] = [];
  if (flat && !before) {
    warnings.push(
      hasOwnStart
        ? 'I_ro is still flat: if it stays so, train longer (generatorEpochs, cycles) or with a higher generatorRate.'
        : 'I_ro is still flat, which lasts long with the published start: go on, or start again with a mixingStart and a higher mixingRateFactor, as the preset quick has.',
    );
  }
  const saturated = adversary !== null && adversary.steps > 0 && adversary.openSteps === 0;
  if (saturated) {
    warnings.push(
      'The discriminator was saturated for the whole cycle, so it taught the main module nothing: lower discriminatorRate or discriminatorEpochs.',
    );
  }
  return {
    iroSpread,
    hadContrast: before || iroSpread >= CONTRAST_SPREAD,
    collapsed: flat && before,
    sound: !saturated && !(flat && before),
    warnings,
  };
}
