import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend, type Backend } from '../../../main/engine/backend/backend';
import { withMirrorAveraging } from '../../../main/engine/inference/mirror';
import { slicePredictor } from '../../../main/engine/inference/predict';
import {
  generatorLayers,
  generatorWeights,
  PUBLISHED_DESIGN,
  type GeneratorDesign,
} from '../../../main/engine/network/layers';
import { INFERENCE, runGenerator } from '../../../main/engine/network/networks';
import { NetworkWeights } from '../../../main/engine/network/weights';
import { createRandom } from '../../../shared/random';
import { testBackend } from '../../helpers/backend';

let backend: Backend;
beforeAll(async () => {
  backend = await openBackend(testBackend);
});

const flair: GeneratorDesign = { inputChannels: 3, topConvolutions: 1, residual: true };
const side = 16;

function weightsOf(design: GeneratorDesign): NetworkWeights {
  return NetworkWeights.initialise(generatorWeights(2, design), createRandom(5));
}

function images(channels: number): Float32Array {
  const random = createRandom(9);
  return Float32Array.from({ length: 2 * side * side * channels }, () => random.uniform(0, 1));
}

const predictor = (weights: NetworkWeights, design: GeneratorDesign) =>
  slicePredictor(backend.ops, weights, 2, side, side, design);

describe('a main module apart from the published one', () => {
  it('has the published layers where nothing is asked for', () => {
    expect(generatorWeights(2, PUBLISHED_DESIGN)).toEqual(generatorWeights(2));
    expect(generatorLayers(2).residual).toBe(false);
  });

  it('takes the channels of its images in the first convolution, and one convolution at the top', () => {
    const names = generatorWeights(2, flair).map(({ name }) => name);
    const first = generatorWeights(2, flair).find(({ name }) => name === 'l2_conc15/kernel');
    expect(first?.shape).toEqual([3, 3, 3, 2]);
    const missing = generatorWeights(2)
      .map(({ name }) => name)
      .filter((name) => !names.includes(name) && name.endsWith('/kernel'));
    // The second convolution of the encoder's top, and of each decoder's.
    expect(missing).toEqual(['l2_conc16/kernel', 'l2_conc36/kernel', 'l2_conc49/kernel']);
  });

  it('gives the slice itself as I_fc where the decoder adds nothing, and lets every channel count', () => {
    const weights = weightsOf(flair);
    const kernel = weights.get('new_final_op/kernel');
    const zeros = tf.zerosLike(kernel);
    kernel.assign(zeros);
    zeros.dispose();
    const x = images(3);
    const before = predictor(weights, flair)(x);
    for (let i = 0; i < before.ifc.length; i += 1) {
      const slice = x[3 * i] as number;
      expect(before.ifc[i]).toBeCloseTo(Math.min(0.98, Math.max(0.02, slice)), 5);
    }
    const other = x.slice();
    for (let i = 2; i < other.length; i += 3) other[i] = 0;
    expect(predictor(weights, flair)(other).iwc).not.toEqual(before.iwc);
    weights.dispose();
  });

  it('is differentiable in all its weights', () => {
    const weights = weightsOf(flair);
    const variables = weights.trainable().map(({ variable }) => variable);
    const { grads, value } = tf.variableGrads(
      () => {
        const x = tf.tensor4d(images(3), [2, side, side, 3]);
        const mode = {
          kind: 'training',
          dropout: null,
          normMomentum: null,
          needsInputGradient: false,
        } as const;
        const { ifc, iwc } = runGenerator(backend.ops, generatorLayers(2, flair), weights, x, mode);
        return tf.add(tf.sum(tf.square(ifc)), tf.sum(tf.square(iwc))) as tf.Scalar;
      },
      variables.filter((variable) => !variable.name.includes('never')),
    );
    const still = weights
      .trainable()
      .filter(({ spec }) => !spec.name.startsWith('new_res'))
      .filter(({ variable }) => (grads[variable.name] as tf.Tensor).dataSync().every((v) => v === 0));
    expect(still.map(({ spec }) => spec.name)).toEqual([]);
    tf.dispose([value, grads]);
    weights.dispose();
  });

  it('without channels and residual is the same function as the published one', () => {
    const weights = weightsOf(PUBLISHED_DESIGN);
    const x = tf.tensor4d(images(1), [2, side, side, 1]);
    const direct = runGenerator(backend.ops, generatorLayers(2), weights, x, INFERENCE);
    expect(predictor(weights, PUBLISHED_DESIGN)(images(1)).iro).toEqual(direct.iro.dataSync());
    weights.dispose();
  });
});

describe('mirror averaging', () => {
  it('makes a mirrored image give the mirrored answer', () => {
    const weights = weightsOf(flair);
    const predict = withMirrorAveraging(predictor(weights, flair), side, 3);
    const x = images(3);
    const turned = new Float32Array(x.length);
    for (let i = 0; i < x.length / 3; i += 1) {
      const j = i - (i % side) + (side - 1 - (i % side));
      for (let c = 0; c < 3; c += 1) turned[3 * j + c] = x[3 * i + c] as number;
    }
    const [a, b] = [predict(x).iro, predict(turned).iro];
    for (let i = 0; i < a.length; i += 1) {
      expect(b[i - (i % side) + (side - 1 - (i % side))]).toBeCloseTo(a[i] as number, 5);
    }
    // Which the network alone does not.
    const alone = predictor(weights, flair);
    expect(Math.abs((alone(turned).iro[side - 1] as number) - (alone(x).iro[0] as number))).toBeGreaterThan(
      1e-5,
    );
    weights.dispose();
  });
});
