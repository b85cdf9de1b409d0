import { PUBLISHED_DESIGN } from '../../main/engine/network/layers';
import { join } from 'node:path';
import type { Backend } from '../../main/engine/backend/backend';
import { slicePredictor } from '../../main/engine/inference/predict';
import { segmentVolume } from '../../main/engine/jobs/segmentVolume';
import { writeSegmentation } from '../../main/engine/jobs/writeSegmentation';
import type { NetworkWeights } from '../../main/engine/network/weights';
import { defaultPreparation } from '../../shared/imaging/preparation';
import { nothingKnown } from '../../shared/imaging/scanDoubts';
import { outputNames } from '../../main/files/outputs';

/** A job that takes one volume apart as the command line does, from the file to the written files. */
export function segmentJob(
  backend: Backend,
  weights: NetworkWeights,
  baseWidth: number,
  side: number,
  volume: string,
  out: string,
): () => Promise<void> {
  const shape = { height: side, width: side, baseWidth };
  const predict = slicePredictor(backend.ops, weights, baseWidth, side, side);
  const model = {
    backend,
    shape,
    sha256: '',
    predict,
    design: PUBLISHED_DESIGN,
    mirrorAveraging: false,
    cropPixels: null,
    dropout: 0,
    sampling: () => predict,
    known: nothingKnown,
    preparation: defaultPreparation,
    dispose: () => weights.dispose(),
  };
  const context = {
    emit: () => undefined,
    shouldStop: () => false,
    whilePaused: () => Promise.resolve(),
  };
  const options = { overwrite: true };
  return async () => {
    const result = await segmentVolume(volume, model, 0.5, context);
    const names = outputNames(volume);
    await writeSegmentation(result, volume, null, join(out, 'ours'), names, {}, options);
  };
}
