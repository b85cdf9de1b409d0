import * as tf from '@tensorflow/tfjs-core';
import { ExpectedError } from '../../../shared/failure';
import type { Phase } from '../../../shared/ipc/engineEvents';
import { createRandom, type Random } from '../../../shared/random';
import type { TrainingSettings } from '../../../shared/study/trainingSettings';
import { slicePredictor, type PredictedSlices } from '../inference/predict';
import {
  discriminatorLayers,
  discriminatorWeights,
  generatorLayers,
  generatorWeights,
  OUTPUT_NAMES,
} from '../network/layers';
import type { NetworkOps } from '../network/ops';
import { NetworkWeights } from '../network/weights';
import { Adam } from './adam';
import { dropoutMasks } from './dropout';
import type { SliceSource } from './sliceSource';
import {
  labelsOf,
  trainDiscriminatorStep,
  trainGeneratorStep,
  type DiscriminatorTerms,
  type GeneratorTerms,
  type Networks,
} from './steps';

/** Mean losses of one cycle. */
export interface CycleRecord {
  readonly cycle: number;
  readonly stage: 1 | 2;
  readonly discriminator: DiscriminatorTerms | null;
  readonly generator: GeneratorTerms | null;
}

/** What the loop asks of the world around it: it knows neither files nor processes nor clocks. */
export interface TrainingHost {
  nowMs(): number;
  /** Asked between steps; true ends the training, and what was learned stays. */
  shouldStop(): boolean;
  /** Lets the process answer messages between steps. */
  breathe(): Promise<void>;
  onStep(report: StepReport): void;
  /** At the end of a cycle, with a predictor of the network as it is now. */
  onCycle(record: CycleRecord, predict: (slices: Float32Array) => PredictedSlices): Promise<void>;
}

export interface StepReport {
  readonly phase: Extract<Phase, 'discriminator' | 'generator'>;
  readonly cycle: number;
  readonly cycles: number;
  readonly step: number;
  readonly terms: DiscriminatorTerms | GeneratorTerms;
  /** Share of the training that is done, by estimated cost. */
  readonly fraction: number;
}

export interface TrainedNetworks {
  readonly generator: NetworkWeights;
  readonly discriminator: NetworkWeights;
  readonly history: readonly CycleRecord[];
  readonly stoppedEarly: boolean;
}

/** What one slice costs D (with the prediction of its first cut) relative to what it costs M; for the time left only. */
const DISCRIMINATOR_COST = 0.35;

/**
 * Trains ASC-Net in cycles as published: predict I_fc of the inputs and train a new D on the reference (-1) and those
 * (+1); then train M with D frozen. Source: the authors' scripts continue_training_stage_1 and _2.
 *
 * The first cuts are predicted batch by batch as D needs them, which gives the same values as predicting them all first
 * (M does not change meanwhile) and needs no memory.
 *
 * @returns networks that the caller owns and disposes
 * @throws ExpectedError training-collapsed when a loss is no longer a number
 */
export async function train(
  ops: NetworkOps,
  settings: TrainingSettings,
  reference: SliceSource,
  input: SliceSource,
  host: TrainingHost,
): Promise<TrainedNetworks> {
  const { height, width } = input;
  const shape = { height, width, baseWidth: settings.baseWidth };
  const random = createRandom(settings.seed);
  const generator = NetworkWeights.initialise(generatorWeights(settings.baseWidth), random);
  if (settings.mixingStart) startMixing(generator, settings.mixingStart);
  let discriminator = NetworkWeights.initialise(discriminatorWeights(shape), random);
  const generatorAdam = new Adam(generator, settings.weightDecay, (name) =>
    name.startsWith(`${OUTPUT_NAMES.iro}/`) ? settings.mixingRateFactor : 1,
  );
  let discriminatorAdam = new Adam(discriminator, settings.weightDecay);
  const dropout = dropoutMasks(settings.dropout, random);
  const predict = slicePredictor(ops, generator, settings.baseWidth, height, width);
  const history: CycleRecord[] = [];

  const perEpoch = Math.min(settings.slicesPerEpoch ?? input.count, input.count);
  const referencePerEpoch = Math.min(settings.slicesPerEpoch ?? reference.count, reference.count);
  const cycleCost =
    settings.discriminatorEpochs * (perEpoch + referencePerEpoch) * DISCRIMINATOR_COST +
    settings.generatorEpochs * perEpoch;
  let done = 0;
  let stopped = false;

  for (let cycle = 1; cycle <= settings.maxCycles && !stopped; cycle++) {
    const stage = settings.stage === '2' ? 2 : 1;
    const networks: Networks = {
      ops,
      generatorLayers: generatorLayers(settings.baseWidth),
      generator,
      discriminatorLayers: discriminatorLayers(shape),
      discriminator,
    };
    const step = async (
      phase: StepReport['phase'],
      number: number,
      cost: number,
      terms: DiscriminatorTerms | GeneratorTerms,
    ): Promise<void> => {
      if (!Number.isFinite(terms.total)) {
        throw new ExpectedError(
          'training-collapsed',
          'The training broke down: a loss is no longer a number. Lower the learning rates, or start again with another seed.',
          JSON.stringify({ cycle, phase, number, terms }),
        );
      }
      done += cost;
      host.onStep({
        phase,
        cycle,
        cycles: settings.maxCycles,
        step: number,
        terms,
        fraction: Math.min(1, done / (cycleCost * settings.maxCycles)),
      });
      stopped = host.shouldStop();
      await host.breathe();
    };

    const discriminatorTerms = new TermMeans<DiscriminatorTerms>();
    let number = 0;
    for (let epoch = 0; epoch < settings.discriminatorEpochs && !stopped; epoch++) {
      for (const batch of discriminatorBatches(
        reference,
        input,
        stage,
        referencePerEpoch,
        perEpoch,
        settings,
        random,
      )) {
        const images = loadBatch(batch, reference, input, predict);
        const x = tf.tensor4d(images, [batch.length, height, width, 1]);
        const labels = labelsOf(batch.map((item) => item.real));
        const terms = trainDiscriminatorStep(
          networks,
          discriminatorAdam,
          x,
          labels,
          settings.discriminatorRate,
          dropout,
        );
        tf.dispose([x, labels]);
        discriminatorTerms.add(terms);
        await step('discriminator', ++number, batch.length * DISCRIMINATOR_COST, terms);
        if (stopped) break;
      }
    }

    const generatorTerms = new TermMeans<GeneratorTerms>();
    number = 0;
    for (let epoch = 0; epoch < settings.generatorEpochs && !stopped; epoch++) {
      for (const indices of batches(
        shuffled(input.count, random).slice(0, perEpoch),
        settings.generatorBatch,
      )) {
        const x = tf.tensor4d(input.read(indices), [indices.length, height, width, 1]);
        const terms = trainGeneratorStep(networks, generatorAdam, x, stage, settings, dropout);
        x.dispose();
        generatorTerms.add(terms);
        await step('generator', ++number, indices.length, terms);
        if (stopped) break;
      }
    }

    const record: CycleRecord = {
      cycle,
      stage,
      discriminator: discriminatorTerms.mean(),
      generator: generatorTerms.mean(),
    };
    history.push(record);
    await host.onCycle(record, predict);

    if (settings.newDiscriminatorEachCycle && cycle < settings.maxCycles && !stopped) {
      discriminatorAdam.dispose();
      discriminator.dispose();
      discriminator = NetworkWeights.initialise(discriminatorWeights(shape), random);
      discriminatorAdam = new Adam(discriminator, settings.weightDecay);
    }
  }
  generatorAdam.dispose();
  discriminatorAdam.dispose();
  return { generator, discriminator, history, stoppedEarly: stopped };
}

/** Gives the layer that mixes the cuts into I_ro its start. */
function startMixing(generator: NetworkWeights, start: NonNullable<TrainingSettings['mixingStart']>): void {
  const kernel = tf.tensor4d([start.ifcWeight, start.iwcWeight], [1, 1, 2, 1]);
  const bias = tf.tensor1d([start.bias]);
  generator.get(`${OUTPUT_NAMES.iro}/kernel`).assign(kernel);
  generator.get(`${OUTPUT_NAMES.iro}/bias`).assign(bias);
  tf.dispose([kernel, bias]);
}

/** One image of a batch of D: a slice of the reference or the input, as it is or as its first cut. */
interface DiscriminatorItem {
  readonly real: boolean;
  readonly source: 'reference' | 'input';
  readonly cut: boolean;
  readonly index: number;
}

/**
 * D's epoch. Stage 1: reference slices (-1) and the inputs' first cuts (+1). Stage 2: the real set is the reference and
 * the reference's own first cuts, and the inputs count twice to balance it.
 */
function discriminatorBatches(
  reference: SliceSource,
  input: SliceSource,
  stage: 1 | 2,
  referencePerEpoch: number,
  perEpoch: number,
  settings: TrainingSettings,
  random: Random,
): DiscriminatorItem[][] {
  const references = shuffled(reference.count, random).slice(0, referencePerEpoch);
  const inputs = shuffled(input.count, random).slice(0, perEpoch);
  const items: DiscriminatorItem[] = [];
  for (let round = 0; round < stage; round++) {
    for (const index of references) items.push({ real: true, source: 'reference', cut: round === 1, index });
    for (const index of inputs) items.push({ real: false, source: 'input', cut: true, index });
  }
  const order = shuffled(items.length, random);
  return batches(
    order.map((place) => items[place] as DiscriminatorItem),
    settings.discriminatorBatch,
  );
}

function loadBatch(
  batch: readonly DiscriminatorItem[],
  reference: SliceSource,
  input: SliceSource,
  predict: (slices: Float32Array) => PredictedSlices,
): Float32Array {
  const size = input.height * input.width;
  const images = new Float32Array(batch.length * size);
  for (const source of ['reference', 'input'] as const) {
    for (const cut of [false, true]) {
      const places = batch.flatMap((item, place) =>
        item.source === source && item.cut === cut ? [place] : [],
      );
      if (places.length === 0) continue;
      const indices = places.map((place) => (batch[place] as DiscriminatorItem).index);
      const slices = (source === 'reference' ? reference : input).read(indices);
      const values = cut ? predict(slices).ifc : slices;
      places.forEach((place, i) => images.set(values.subarray(i * size, (i + 1) * size), place * size));
    }
  }
  return images;
}

/** Fisher-Yates over 0 .. count - 1. */
function shuffled(count: number, random: Random): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

function batches<T>(items: readonly T[], size: number): T[][] {
  const out: T[][] = [];
  for (let at = 0; at < items.length; at += size) out.push(items.slice(at, at + size));
  return out;
}

/** Running means of the terms of a loss. */
class TermMeans<Terms extends object> {
  private count = 0;
  private readonly sums = new Map<string, number>();

  add(terms: Terms): void {
    this.count += 1;
    for (const [name, value] of Object.entries(terms) as [string, number][]) {
      this.sums.set(name, (this.sums.get(name) ?? 0) + value);
    }
  }

  /** Null where no step was taken. */
  mean(): Terms | null {
    if (this.count === 0) return null;
    return Object.fromEntries([...this.sums].map(([name, sum]) => [name, sum / this.count])) as Terms;
  }
}
