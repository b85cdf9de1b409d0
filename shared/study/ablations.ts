/** A part of the preset ms-flair that can be left out, by the settings of training or preparation that do it. */
export interface Ablation {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What is left out one at a time, to see what it contributes. */
export const ablations: readonly Ablation[] = [
  { name: 'adversarial', settings: { adversarialWeight: 0 } },
  { name: 'disjointness', settings: { disjointnessWeight: 0 } },
  { name: 'pasted-mask', settings: { pastedWeight: 0 } },
  { name: 'clean-slice', settings: { cleanWeight: 0 } },
  { name: 'pretext', settings: { pastedLesions: null, pastedBatch: 0 } },
  { name: 'neighbours', settings: { neighbourMm: 0 } },
  { name: 'smoothing', settings: { smoothingMm: 0 } },
  // At M's own rate, as published, from the same start.
  { name: 'frozen-mixing', settings: { mixingRateFactor: 1 } },
];
