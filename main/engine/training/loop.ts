import * as tf from '@tensorflow/tfjs-core';
import { ExpectedError } from '../../../shared/failure';
import { findSplit, type HistogramSplit } from '../../../shared/imaging/split';
import { createRandom, type Random, type RandomState } from '../../../shared/random';
import { epochSizes, type EpochSizes } from '../../../shared/study/epochSizes';
import type { TrainingSettings } from '../../../shared/study/trainingSettings';
import { imagePredictor } from '../inference/pieces';
import { slicePredictor, type PredictedSlices } from '../inference/predict';
import {
  discriminatorLayers,
  discriminatorWeights,
  generatorLayers,
  generatorWeights,
  OUTPUT_NAMES,
  type GeneratorDesign,
  type NetworkShape,
} from '../network/layers';
import { RESIDUAL_CLIP } from '../network/networks';
import type { DropoutMask, NetworkOps } from '../network/ops';
import { NetworkWeights, type WeightArrays } from '../network/weights';
import { Adam, adamConstants } from './adam';
import { cropped } from './crops';
import { dropoutMasks } from './dropout';
import { discriminatorOrder, generatorOrder, loadBatch } from './epochs';
import { HISTOGRAM_SLICES, iroCounts } from './iroCounts';
import { afterCycle, firstStage, fractionDone, generatorSteps, stepsPerEpoch, type Ended } from './schedule';
import { BatchPieces } from './pieces';
import { loadGeneratorBatch, pastedInto, withNoise, type ImageScale } from './pretext';
import type { SliceSource } from './sliceSource';
import type { Checkpoint, CycleRecord, TrainingState } from './state';
import {
  labelsOf,
  generatorRateAt,
  trainDiscriminatorStep,
  trainGeneratorStep,
  type DiscriminatorTerms,
  type GeneratorTerms,
} from './steps';
import { addTerms, meanTerms, noTerms } from './termMeans';
import { isOpen, judgeCycle } from './watch';

/** What the loop asks of the world around it: it knows neither files nor processes nor clocks. */
export interface TrainingHost {
  /** A clock that stands still while the training is paused. */
  nowMs(): number;
  /** Asked between steps; true ends the training, and what was learned stays. */
  shouldStop(): boolean;
  /** Lets the process answer messages between steps; while the training is paused, it does not return. */
  breathe(): Promise<void>;
  onStep(report: StepReport): void;
  onEpoch(report: EpochReport): void;
  /** One sentence that the user should know; the training goes on. */
  onWarning?(message: string): void;
  onCycle(report: CycleReport): Promise<void>;
  /** Keeps a state that the training can go on from. */
  save(checkpoint: Checkpoint): Promise<void>;
}

/** Where the training is. */
export interface Place {
  readonly phase: TrainingState['phase'];
  readonly stage: 1 | 2;
  readonly cycle: number;
  readonly cycles: number;
  /** From 1, within the cycle. */
  readonly epoch: number;
}

export interface StepReport extends Place {
  /** From 1, within the epoch. */
  readonly step: number;
  readonly terms: DiscriminatorTerms | GeneratorTerms;
  /** Share of the training that is done, by estimated cost. */
  readonly fraction: number;
}

export interface EpochReport extends Place {
  /** Mean losses of the phase so far in this cycle. */
  readonly terms: Readonly<Record<string, number>>;
}

export interface CycleReport {
  readonly record: CycleRecord;
  /** I_ro in the brain of some input slices, and what it shows. */
  readonly counts: Float64Array;
  readonly split: HistogramSplit;
  readonly predict: (slices: Float32Array) => PredictedSlices;
}

/** What a training may be given beside its sets. */
export interface TrainingOptions {
  /** null begins anew. */
  readonly from?: Checkpoint | null;
  /** Weights that M begins with, in place of random ones; only where `from` is null. */
  readonly start?: WeightArrays | null;
  /** Needed to paste lesions. */
  readonly scale?: ImageScale | null;
}

/** Networks that the caller owns and disposes. */
export interface TrainedNetworks {
  readonly generator: NetworkWeights;
  readonly discriminator: NetworkWeights;
  readonly predict: (slices: Float32Array) => PredictedSlices;
  readonly history: readonly CycleRecord[];
  readonly ended: Ended | 'time' | 'stopped';
  readonly workedMs: number;
}

/**
 * Trains ASC-Net in cycles as published: train a new D on the reference (-1) and the first cuts of the inputs (+1); then
 * train M with D frozen. Source: the authors' scripts continue_training_stage_1 and _2; the stop rule is {@link afterCycle}.
 *
 * Everything that decides what comes next is in one {@link TrainingState}, so that a training that goes on from a
 * checkpoint takes the same steps as one that was never interrupted.
 *
 * @throws ExpectedError training-collapsed when a loss is no longer a number, or I_ro has lost its contrast
 */
export async function train(
  ops: NetworkOps,
  settings: TrainingSettings,
  reference: SliceSource,
  input: SliceSource,
  host: TrainingHost,
  options: TrainingOptions = {},
): Promise<TrainedNetworks> {
  const training = new Training(ops, settings, reference, input, host, options);
  try {
    return await training.run();
  } catch (error) {
    training.disposeNetworks();
    throw error;
  } finally {
    training.disposeOptimizers();
  }
}

class Training {
  private readonly state: TrainingState;
  private readonly random: Random;
  private readonly generator: NetworkWeights;
  private readonly generatorAdam: Adam;
  private discriminator: NetworkWeights;
  private discriminatorAdam: Adam;
  private readonly design: GeneratorDesign;
  /** Of what both networks train on: whole slices, or pieces of them. */
  private readonly shape: NetworkShape;
  private readonly dropout: DropoutMask | null;
  /** Of whole slices, and of what the networks train on. */
  private readonly predict: (slices: Float32Array) => PredictedSlices;
  private readonly predictPieces: (slices: Float32Array) => PredictedSlices;
  /** The sets as the networks see them. */
  private readonly pieceReference: SliceSource;
  private readonly pieceInput: SliceSource;
  /** Numbers of the reference slices that lesions are pasted into. */
  private readonly mayPaste: readonly number[];
  private readonly scale: ImageScale | null;
  private readonly sizes: EpochSizes;
  private readonly pieces: BatchPieces;
  private clockMs: number;
  private savedMs: number;
  /** Whether steps were taken since the last checkpoint. */
  private unsaved = false;
  private interrupted: 'time' | 'stopped' | null = null;

  constructor(
    private readonly ops: NetworkOps,
    private readonly settings: TrainingSettings,
    private readonly reference: SliceSource,
    private readonly input: SliceSource,
    private readonly host: TrainingHost,
    { from = null, start = null, scale = null }: TrainingOptions,
  ) {
    const { baseWidth, cropPixels, mirror } = settings;
    const { height, width } = input;
    this.design = designOf(settings, input.channels);
    this.sizes = epochSizes(settings, reference.count, input.count);
    this.random = createRandom(settings.seed);
    this.pieceReference = cropped(reference, { cropPixels, mirror }, this.random);
    this.pieceInput = cropped(input, { cropPixels, mirror }, this.random);
    this.shape = { height: this.pieceInput.height, width: this.pieceInput.width, baseWidth };
    this.scale = scale;
    this.mayPaste = pastedInto(reference.count);
    this.generator = NetworkWeights.initialise(generatorWeights(baseWidth, this.design), this.random);
    if (settings.cutStart) startCuts(this.generator, settings.cutStart);
    if (settings.mixingStart) startMixing(this.generator, settings.mixingStart);
    if (start && !from) this.generator.load(start);
    this.discriminator = NetworkWeights.initialise(discriminatorWeights(this.shape), this.random);
    this.generatorAdam = new Adam(
      this.generator,
      settings.weightDecay,
      ops.adam,
      (name) => (name.startsWith(`${OUTPUT_NAMES.iro}/`) ? settings.mixingRateFactor : 1),
      adamConstants(settings),
    );
    this.discriminatorAdam = this.freshDiscriminatorAdam();
    this.dropout = dropoutMasks(settings.dropout, this.random);
    this.predict = imagePredictor(ops, this.generator, { baseWidth, height, width }, this.design, cropPixels);
    this.predictPieces =
      cropPixels === null
        ? this.predict
        : slicePredictor(ops, this.generator, baseWidth, this.shape.height, this.shape.width, this.design);
    this.state = from ? { ...from.state } : freshState(settings, this.random.state());
    this.pieces = new BatchPieces((message) => host.onWarning?.(message), this.state.batchPieces);
    if (from) this.restore(from);
    this.clockMs = host.nowMs();
    this.savedMs = this.clockMs;
  }

  async run(): Promise<TrainedNetworks> {
    const { state, settings } = this;
    // More cycles than the training had ended with let it go on, and so does leaving the stop rule out.
    if (state.cycle <= settings.maxCycles && (state.ended === 'cycles' || !settings.stopWhenSplit)) {
      state.ended = null;
    }
    while (state.ended === null && !this.interrupted) {
      if (!state.discriminatorReady) this.renewDiscriminator();
      if (state.phase === 'discriminator') {
        await this.runEpochs(
          settings.discriminatorEpochs,
          () => this.drawDiscriminatorOrder(),
          (items) => this.discriminatorStep(items),
        );
        if (!this.interrupted) state.phase = 'generator';
      }
      if (!this.interrupted && state.phase === 'generator') {
        await this.runEpochs(
          settings.generatorEpochs,
          () => generatorOrder(this.input.count, this.sizes.generator, this.random),
          (items) => this.generatorStep(items),
        );
      }
      if (!this.interrupted) await this.endCycle();
    }
    const partial = this.interrupted && this.hasSteps() ? [this.record(null)] : [];
    if (this.unsaved) await this.save(false);
    return {
      generator: this.generator,
      discriminator: this.discriminator,
      predict: this.predict,
      history: [...state.history, ...partial],
      ended: this.interrupted ?? state.ended ?? 'cycles',
      workedMs: state.workedMs,
    };
  }

  disposeNetworks(): void {
    this.generator.dispose();
    this.discriminator.dispose();
  }

  disposeOptimizers(): void {
    this.generatorAdam.dispose();
    this.discriminatorAdam.dispose();
  }

  /** What is left of a phase's epochs; on resuming, the order of the one at work is drawn again. */
  private async runEpochs(
    epochs: number,
    draw: () => Float64Array,
    takeStep: (items: Float64Array) => DiscriminatorTerms | GeneratorTerms,
  ): Promise<void> {
    const { state, settings } = this;
    const batch = state.phase === 'generator' ? settings.generatorBatch : settings.discriminatorBatch;
    while (state.epoch < epochs && !this.interrupted) {
      const order = this.epochOrder(draw);
      const steps = stepsPerEpoch(settings, this.sizes, state.stage, state.phase);
      while (state.step < steps) {
        const terms = takeStep(order.subarray(state.step * batch, (state.step + 1) * batch));
        await this.afterStep(terms);
        if (this.interrupted) return;
      }
      state.epoch += 1;
      state.step = 0;
      state.epochRandom = null;
      const sums = state.phase === 'generator' ? state.generatorTerms : state.discriminatorTerms;
      this.host.onEpoch({ ...this.place(state.epoch), terms: meanTerms(sums) ?? {} });
    }
    if (!this.interrupted) state.epoch = 0;
  }

  private epochOrder(draw: () => Float64Array): Float64Array {
    const { state, random } = this;
    if (state.epochRandom === null) {
      state.epochRandom = copyOf(random.state());
      return draw();
    }
    const now = random.state();
    random.restore(state.epochRandom);
    const order = draw();
    random.restore(now);
    return order;
  }

  private drawDiscriminatorOrder(): Float64Array {
    const counts = { reference: this.reference.count, input: this.input.count };
    return discriminatorOrder(counts, this.sizes, this.state.stage, this.random);
  }

  private discriminatorStep(items: Float64Array): DiscriminatorTerms {
    const { height, width } = this.shape;
    const clip = this.design.residual ? RESIDUAL_CLIP : 0;
    const { images, real } = loadBatch(items, this.pieceReference, this.pieceInput, this.predictPieces, clip);
    const { discriminatorNoise: noise } = this.settings;
    const seen = noise > 0 ? withNoise(images, noise, this.random) : images;
    const x = tf.tensor4d(seen, [items.length, height, width, 1]);
    const labels = labelsOf(real);
    const terms = trainDiscriminatorStep(
      this.networks(),
      this.discriminatorAdam,
      x,
      labels,
      this.settings,
      this.dropout,
    );
    tf.dispose([x, labels]);
    this.state.discriminatorTerms = addTerms(this.state.discriminatorTerms, terms);
    return terms;
  }

  private generatorStep(items: Float64Array): GeneratorTerms {
    const { height, width } = this.shape;
    const { state, settings, random } = this;
    const { images, count, pasted } = loadGeneratorBatch(
      [...items],
      this.pieceInput,
      this.pieceReference,
      this.mayPaste,
      this.scale,
      settings,
      random,
    );
    const shape = [count, height, width, this.design.inputChannels] as const;
    const x = tf.tensor4d(images, [...shape]);
    const { inputNoise } = settings;
    const seen = inputNoise > 0 ? tf.tensor4d(withNoise(images, inputNoise, random), [...shape]) : null;
    const ofPasted = (values: Float32Array): tf.Tensor4D =>
      tf.tensor4d(values, [settings.pastedBatch, height, width, 1]);
    const pretext = pasted && {
      from: pasted.from,
      masks: ofPasted(pasted.masks),
      clean: ofPasted(pasted.clean),
    };
    const terms = trainGeneratorStep(
      this.networks(),
      this.generatorAdam,
      x,
      state.stage,
      settings,
      generatorRateAt(settings, generatorSteps(settings, this.sizes, state)),
      this.dropout,
      { seen, pasted: pretext },
    );
    tf.dispose([x, ...(seen ? [seen] : []), ...(pretext ? [pretext.masks, pretext.clean] : [])]);
    state.generatorTerms = addTerms(state.generatorTerms, terms);
    if (isOpen(terms.adversarial)) state.openSteps += 1;
    return terms;
  }

  private async afterStep(terms: DiscriminatorTerms | GeneratorTerms): Promise<void> {
    const { state, settings, host } = this;
    state.step += 1;
    this.unsaved = true;
    if (!Number.isFinite(terms.total)) {
      throw new ExpectedError(
        'training-collapsed',
        'The training broke down: a loss is no longer a number. The last good checkpoint is kept; go on from it with lower learning rates (generatorRate, discriminatorRate), or start again with another seed.',
        JSON.stringify({ ...this.place(), step: state.step, terms }),
      );
    }
    this.tick(state.phase);
    host.onStep({
      ...this.place(),
      step: state.step,
      terms,
      fraction: fractionDone(settings, this.sizes, state),
    });
    if (host.nowMs() - this.savedMs >= settings.checkpointMinutes * 60_000) await this.save(false);
    await host.breathe();
    this.interrupted = host.shouldStop() ? 'stopped' : this.isOutOfTime() ? 'time' : null;
  }

  private isOutOfTime(): boolean {
    const { maxMinutes } = this.settings;
    return maxMinutes !== null && this.state.workedMs >= maxMinutes * 60_000;
  }

  /** Books the time since the last booking. */
  private tick(phase: TrainingState['phase'] | null): void {
    const { state } = this;
    const now = this.host.nowMs();
    const spent = now - this.clockMs;
    this.clockMs = now;
    state.workedMs += spent;
    if (phase === 'discriminator') state.discriminatorMs += spent;
    if (phase === 'generator') state.generatorMs += spent;
  }

  private async endCycle(): Promise<void> {
    const { state, settings, host } = this;
    const counts = await iroCounts(this.predict, this.input, HISTOGRAM_SLICES, () => host.breathe());
    const split = findSplit(counts);
    const adversary =
      settings.adversarialWeight > 0
        ? { openSteps: state.openSteps, steps: state.generatorTerms.count }
        : null;
    const health = judgeCycle(counts, state.hadContrast, settings.mixingStart !== null, adversary);
    const record = this.record({ split, iroSpread: health.iroSpread, warnings: health.warnings });
    await host.onCycle({ record, counts, split, predict: this.predict });
    if (health.collapsed) {
      throw new ExpectedError(
        'training-collapsed',
        `The training collapsed in cycle ${state.cycle}: I_ro has lost its contrast. The last good checkpoint is kept; go on from it with lower learning rates (generatorRate, discriminatorRate) or a smaller adversarialWeight.`,
        JSON.stringify(record),
      );
    }
    const decision = afterCycle(settings, state.cycle, state, split.apart !== null);
    this.tick(null);
    Object.assign(state, {
      ...freshCycle,
      ...decision,
      cycle: state.cycle + 1,
      discriminatorReady: !settings.newDiscriminatorEachCycle,
      hadContrast: health.hadContrast,
      history: [...state.history, record],
    });
    await this.save(health.sound);
    if (state.ended === null) {
      this.interrupted = host.shouldStop() ? 'stopped' : this.isOutOfTime() ? 'time' : null;
    }
  }

  private record(
    end: { split: HistogramSplit; iroSpread: number; warnings: readonly string[] } | null,
  ): CycleRecord {
    const { state } = this;
    return {
      cycle: state.cycle,
      stage: state.stage,
      discriminator: meanTerms(state.discriminatorTerms),
      generator: meanTerms(state.generatorTerms),
      discriminatorSteps: state.discriminatorTerms.count,
      generatorSteps: state.generatorTerms.count,
      discriminatorMs: state.discriminatorMs,
      generatorMs: state.generatorMs,
      peaks: end && end.split.peaks.map((peak) => peak.position),
      split: end && end.split.apart !== null,
      iroSpread: end && end.iroSpread,
      warnings: end ? [...end.warnings] : [],
    };
  }

  private hasSteps(): boolean {
    return this.state.discriminatorTerms.count + this.state.generatorTerms.count > 0;
  }

  private place(epoch = this.state.epoch + 1): Place {
    const { phase, stage, cycle } = this.state;
    return { phase, stage, cycle, cycles: this.settings.maxCycles, epoch };
  }

  private networks(): Parameters<typeof trainGeneratorStep>[0] {
    return {
      ops: this.ops,
      pieces: this.pieces,
      generatorLayers: generatorLayers(this.shape.baseWidth, this.design),
      generator: this.generator,
      discriminatorLayers: discriminatorLayers(this.shape),
      discriminator: this.discriminator,
    };
  }

  private renewDiscriminator(): void {
    this.discriminatorAdam.dispose();
    this.discriminator.dispose();
    this.discriminator = NetworkWeights.initialise(discriminatorWeights(this.shape), this.random);
    this.discriminatorAdam = this.freshDiscriminatorAdam();
    this.state.discriminatorReady = true;
  }

  private freshDiscriminatorAdam(): Adam {
    const { settings, ops } = this;
    return new Adam(this.discriminator, settings.weightDecay, ops.adam, undefined, adamConstants(settings));
  }

  private async save(healthy: boolean): Promise<void> {
    const { state } = this;
    const arrays = new Map<string, Float32Array>();
    const optimizers = {
      generator: this.generatorAdam.state(),
      discriminator: this.discriminatorAdam.state(),
    };
    for (const network of ['generator', 'discriminator'] as const) {
      for (const [name, values] of this[network].toArrays()) arrays.set(`${network}/${name}`, values);
      arrays.set(`${network}-adam/first`, optimizers[network].first);
      arrays.set(`${network}-adam/second`, optimizers[network].second);
    }
    refuseBroken(arrays);
    state.random = copyOf(this.random.state());
    state.generatorAdamStep = optimizers.generator.step;
    state.discriminatorAdamStep = optimizers.discriminator.step;
    state.batchPieces = this.pieces.count;
    await this.host.save({ state: { ...state }, arrays, healthy });
    this.savedMs = this.host.nowMs();
    this.unsaved = false;
  }

  private restore({ state, arrays }: Checkpoint): void {
    for (const network of ['generator', 'discriminator'] as const) {
      const prefix = `${network}/`;
      this[network].load(
        new Map(
          [...arrays].flatMap(([name, values]) =>
            name.startsWith(prefix) ? [[name.slice(prefix.length), values] as const] : [],
          ),
        ),
      );
      const moments = (which: string): Float32Array => {
        const values = arrays.get(`${network}-adam/${which}`);
        if (!values)
          throw new ExpectedError(
            'run-damaged',
            `The checkpoint lacks ${network}-adam/${which}; train again.`,
          );
        return values;
      };
      const step = network === 'generator' ? state.generatorAdamStep : state.discriminatorAdamStep;
      const adam = network === 'generator' ? this.generatorAdam : this.discriminatorAdam;
      adam.restore({ step, first: moments('first'), second: moments('second') });
    }
    this.random.restore(state.random);
  }
}

/** The main module that these settings ask for, on images of so many channels. */
export function designOf(
  { topConvolutions, residualIfc }: Pick<TrainingSettings, 'topConvolutions' | 'residualIfc'>,
  inputChannels: number,
): GeneratorDesign {
  return { inputChannels, topConvolutions, residual: residualIfc };
}

/** What every cycle begins with. */
const freshCycle = {
  phase: 'discriminator',
  epoch: 0,
  step: 0,
  epochRandom: null,
  discriminatorTerms: noTerms,
  generatorTerms: noTerms,
  discriminatorMs: 0,
  generatorMs: 0,
  openSteps: 0,
} as const satisfies Partial<TrainingState>;

function freshState(settings: TrainingSettings, random: RandomState): TrainingState {
  return {
    ...freshCycle,
    cycle: 1,
    stage: firstStage(settings),
    // The first D was made with the training.
    discriminatorReady: true,
    random: copyOf(random),
    generatorAdamStep: 0,
    discriminatorAdamStep: 0,
    confirmations: 0,
    batchPieces: 1,
    hadContrast: false,
    workedMs: 0,
    ended: null,
    history: [],
  };
}

function copyOf([a, b, c, counter]: RandomState): [number, number, number, number] {
  return [a, b, c, counter];
}

/** A checkpoint must be one that a training can go on from. */
function refuseBroken(arrays: ReadonlyMap<string, Float32Array>): void {
  for (const [name, values] of arrays) {
    if (values.every(Number.isFinite)) continue;
    throw new ExpectedError(
      'training-collapsed',
      'The training broke down: a weight is no longer a number. The last good checkpoint is kept; go on from it with lower learning rates (generatorRate, discriminatorRate), or start again with another seed.',
      name,
    );
  }
}

/** Gives the layer that mixes the cuts into I_ro its start. */
function startMixing(generator: NetworkWeights, start: NonNullable<TrainingSettings['mixingStart']>): void {
  const kernel = tf.tensor4d([start.ifcWeight, start.iwcWeight], [1, 1, 2, 1]);
  const bias = tf.tensor1d([start.bias]);
  generator.get(`${OUTPUT_NAMES.iro}/kernel`).assign(kernel);
  generator.get(`${OUTPUT_NAMES.iro}/bias`).assign(bias);
  tf.dispose([kernel, bias]);
}

/** Gives the layers that end in the cuts their start. */
function startCuts(generator: NetworkWeights, start: NonNullable<TrainingSettings['cutStart']>): void {
  for (const output of [OUTPUT_NAMES.ifc, OUTPUT_NAMES.iwc]) {
    const kernel = generator.get(`${output}/kernel`);
    const scaled = tf.mul(kernel, start.weightScale);
    kernel.assign(scaled);
    scaled.dispose();
  }
  const bias = tf.tensor1d([start.iwcBias]);
  generator.get(`${OUTPUT_NAMES.iwc}/bias`).assign(bias);
  bias.dispose();
}
