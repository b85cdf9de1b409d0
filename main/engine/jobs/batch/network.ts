import { withNeighbours } from '../../../../shared/geometry/neighbours';
import { PREDICTION_BATCH } from '../../inference/predict';
import { breathe } from '../context';
import { loadModel, type LoadedModel } from '../model';
import type { PreparedSlices } from './threads';
import type { BatchSettings } from './settings';

/** The network of a batch, loaded once, and at work on one scan at a time. */
export class BatchNetwork {
  #turn: Promise<unknown> = Promise.resolve();
  #workedMs = 0;

  private constructor(readonly model: LoadedModel) {}

  /** @returns null for the intensity baseline, which has none @throws what loading a model throws */
  static async open(settings: BatchSettings): Promise<BatchNetwork | null> {
    if (settings.model === null) return null;
    return new BatchNetwork(await loadModel(settings.model, settings.backend));
  }

  /** How long the network itself was at work, in ms. */
  get workedMs(): number {
    return this.#workedMs;
  }

  /** I_ro of a scan's slices, when its turn has come. @returns with how long it took, in ms */
  iro(prepared: PreparedSlices): Promise<{ iro: Float32Array; tookMs: number }> {
    const result = this.#turn.then(() => this.#predict(prepared));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  dispose(): void {
    this.model.dispose();
  }

  async #predict({
    slices,
    channelOffsets,
    height,
    width,
    count,
  }: PreparedSlices): Promise<{ iro: Float32Array; tookMs: number }> {
    const startedMs = performance.now();
    const size = height * width;
    const iro = new Float32Array(slices.length);
    for (let first = 0; first < count; first += PREDICTION_BATCH) {
      const wanted = Array.from({ length: Math.min(PREDICTION_BATCH, count - first) }, (_, i) => first + i);
      const images = withNeighbours(slices, size, wanted, channelOffsets);
      iro.set(this.model.predict(images).iro, first * size);
      await breathe();
    }
    const tookMs = performance.now() - startedMs;
    this.#workedMs += tookMs;
    return { iro, tookMs };
  }
}
