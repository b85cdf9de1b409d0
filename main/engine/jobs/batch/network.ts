import { withNeighbours } from '../../../../shared/geometry/neighbours';
import { predictScan } from '../../inference/scan';
import { breathe } from '../context';
import { loadModel, type LoadedModel } from '../model';
import type { JudgedSlices } from '../segmentation';
import type { PreparedSlices } from './threads';
import type { BatchSettings } from './settings';

type NetworkResult = JudgedSlices & { readonly tookMs: number };

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

  /** I_ro of a scan's slices and its spread, when its turn has come. @returns with how long it took, in ms */
  judge(prepared: PreparedSlices, samples: number): Promise<NetworkResult> {
    const result = this.#turn.then(() => this.#predict(prepared, samples));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  dispose(): void {
    this.model.dispose();
  }

  async #predict(
    { slices, channelOffsets, height, width, count }: PreparedSlices,
    samples: number,
  ): Promise<NetworkResult> {
    const startedMs = performance.now();
    const size = height * width;
    const { iro, spread } = await predictScan(
      this.model.sampling(samples),
      { count, size, images: (wanted) => withNeighbours(slices, size, wanted, channelOffsets) },
      ['iro'],
      samples > 0,
      breathe,
    );
    const tookMs = performance.now() - startedMs;
    this.#workedMs += tookMs;
    return { iro, spread, tookMs };
  }
}
