import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { ExpectedError } from '../../../shared/failure';
import { defaultPreparation, type Preparation } from '../../../shared/imaging/preparation';
import { nothingKnown, type TrainingFacts } from '../../../shared/imaging/scanDoubts';
import { presets } from '../../../shared/study/trainingSettings';
import { hashBytes } from '../../files/hashFile';
import { openBackend, type Backend, type BackendChoice } from '../backend/backend';
import { withMirrorAveraging } from '../inference/mirror';
import { imagePredictor } from '../inference/pieces';
import type { PredictedSlices } from '../inference/predict';
import { samplingMode, withSamples } from '../inference/samples';
import { readKerasFile } from '../keras/readKeras';
import {
  generatorWeights,
  PUBLISHED_DESIGN,
  type GeneratorDesign,
  type NetworkShape,
} from '../network/layers';
import type { RunMode } from '../network/networks';
import { NetworkWeights, type WeightArrays } from '../network/weights';
import { designOf } from '../training/loop';
import { readRunModel, readRunWeights } from '../training/runFile';

/** A trained main module as stored: in the folder of a run, or in a Keras file. */
interface StoredModel {
  readonly shape: NetworkShape;
  readonly design: GeneratorDesign;
  /** Whether a prediction is the mean of that of the image and of its mirror image. */
  readonly mirrorAveraging: boolean;
  /** Side of the pieces that it was trained on; null where it saw whole slices. */
  readonly cropPixels: number | null;
  /** The dropout that it was trained with. */
  readonly dropout: number;
  /** How the scans that it takes apart are prepared: as its training sets were, where that is known. */
  readonly preparation: Preparation;
  /** What its training saw, as far as the file says it. */
  readonly known: TrainingFacts;
  /** SHA-256 of the file of its weights. */
  readonly sha256: string;
}

/** A trained main module that is ready to segment. The owner disposes it. */
export interface LoadedModel extends StoredModel {
  readonly backend: Backend;
  /** Takes images [n, height, width, channels]. */
  readonly predict: (images: Float32Array) => PredictedSlices;
  /** The same, with the spread of I_ro over so many samples of the network beside it; the same samples for each call. */
  sampling(samples: number): (images: Float32Array) => PredictedSlices;
  dispose(): void;
}

/** Samples of a scan are the same whenever they are drawn. */
const SAMPLE_SEED = 1;

/** Whether a model's name is that of a Keras file; everything else is the folder of a run. */
export const isKerasFile = (path: string): boolean => /\.(h5|hdf5)$/i.test(path);

/**
 * Loads a main module onto a backend.
 * @param path the folder of a run, or a Keras file that holds the main module
 * @throws ExpectedError run-damaged, file-unreadable, model-unreadable, backend-missing
 */
export async function loadModel(path: string, choice: BackendChoice): Promise<LoadedModel> {
  const { generator, ...stored } = isKerasFile(path) ? await fromKeras(path) : await fromRun(path);
  const { shape, design } = stored;
  const backend = await openBackend(choice);
  const weights = NetworkWeights.fromArrays(generatorWeights(shape.baseWidth, design), generator);
  const predictor = (mode?: RunMode): ((images: Float32Array) => PredictedSlices) =>
    imagePredictor(backend.ops, weights, shape, design, stored.cropPixels, mode);
  const channels = design.inputChannels;
  const predict = stored.mirrorAveraging
    ? withMirrorAveraging(predictor(), shape.width, channels)
    : predictor();
  return {
    ...stored,
    backend,
    predict,
    sampling: (samples) => {
      if (samples === 0) return predict;
      const sample = predictor(samplingMode(stored.dropout, SAMPLE_SEED));
      return withSamples(predict, sample, samples, stored.mirrorAveraging ? shape.width : null, channels);
    },
    dispose: () => weights.dispose(),
  };
}

async function fromRun(folder: string): Promise<StoredModel & { generator: WeightArrays }> {
  const run = await readRunModel(folder);
  return {
    generator: await readRunWeights(folder, run, 'generator'),
    shape: { height: run.height, width: run.width, baseWidth: run.settings.baseWidth },
    design: designOf(run.settings, run.channels),
    mirrorAveraging: run.settings.mirrorAveraging,
    cropPixels: run.settings.cropPixels,
    dropout: run.settings.dropout,
    preparation: run.preparation ?? defaultPreparation,
    known: {
      referenceCounts: run.referenceCounts,
      inputCounts: run.inputCounts,
      pastedCounts: run.pastedCounts,
      statistics: run.scans.flatMap(({ statistics }) => statistics ?? []),
      referenceMm: run.referenceMm,
    },
    sha256: run.weights.generator,
  };
}

async function fromKeras(path: string): Promise<StoredModel & { generator: WeightArrays }> {
  const name = basename(path);
  const bytes = await readModelBytes(path);
  const { generator, shape } = await readKerasFile(bytes, name);
  if (!generator) {
    throw new ExpectedError(
      'model-unreadable',
      `${name} holds a discriminator; to segment, choose the file of the generator.`,
    );
  }
  return {
    generator,
    shape,
    design: PUBLISHED_DESIGN,
    mirrorAveraging: false,
    cropPixels: null,
    dropout: presets.published.dropout,
    preparation: defaultPreparation,
    known: nothingKnown,
    sha256: hashBytes(bytes),
  };
}

/** @throws ExpectedError file-unreadable */
export async function readModelBytes(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: Error) => {
    throw new ExpectedError(
      'file-unreadable',
      `${basename(path)} cannot be read (${error.message}); check the path.`,
    );
  });
}
