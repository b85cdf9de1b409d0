import { statSync } from 'node:fs';
import path from 'node:path';
import { assertNever } from '../../shared/failure';
import type { FileToken, JobResult, PageEvent } from '../../shared/ipc/contract';
import {
  convertResultSchema,
  sampleResultSchema,
  segmentResultSchema,
  trainResultSchema,
  type EngineEvent,
  type JobRequest,
} from '../../shared/ipc/engineEvents';
import { timedTrainingSchema } from '../../shared/study/estimate';
import type { FileTokens } from '../files/tokens';

/**
 * An engine's event as the page may see it: as it is, except that the paths of a finished job's result become tokens. A
 * result that is not what its job promises is a failed job.
 */
export function pageEventOf(event: EngineEvent, request: JobRequest, tokens: FileTokens): PageEvent {
  if (event.type !== 'finished') return { topic: 'engine', event };
  try {
    return { topic: 'finished', jobId: event.jobId, result: resultOf(event.result, request, tokens) };
  } catch (thrown) {
    return {
      topic: 'engine',
      event: {
        jobId: event.jobId,
        type: 'failed',
        failure: {
          kind: 'internal',
          message:
            'The engine finished, but its result cannot be read. Try again; if it stays so, please report it.',
          detail: thrown instanceof Error ? thrown.message : String(thrown),
        },
      },
    };
  }
}

function resultOf(result: unknown, request: JobRequest, tokens: FileTokens): JobResult {
  const file = (filePath: string): FileToken => tokens.adopt(filePath, 'file', statSync(filePath).size);
  switch (request.type) {
    case 'probe':
      return { job: 'probe' };
    case 'time':
      return { job: 'time', timed: timedTrainingSchema.parse(result) };
    case 'install':
      return { job: 'install' };
    case 'sample': {
      const { scan, truth, referenceSlices } = sampleResultSchema.parse(result);
      return { job: 'sample', scan: file(scan), truth: file(truth), referenceSlices };
    }
    case 'train':
    case 'adapt':
    case 'continueTraining': {
      const { run, ...facts } = trainResultSchema.parse(result);
      return { job: 'train', run: tokens.adopt(run, 'run', 0, path.basename(path.dirname(run))), ...facts };
    }
    case 'importModel': {
      convertResultSchema.parse(result);
      const run = tokens.adopt(request.outDir, 'run', 0, path.basename(path.dirname(request.outDir)));
      return { job: 'importModel', run, importedFrom: path.basename(request.model) };
    }
    case 'exportModel':
      return { job: 'exportModel', files: convertResultSchema.parse(result).files };
    case 'segment': {
      const { iroVolume, slices, maps, ...facts } = segmentResultSchema.parse(result);
      return {
        job: 'segment',
        scan: file(request.volume).token,
        iroVolume: file(iroVolume),
        slices: {
          input: file(slices.input),
          ifc: file(slices.ifc),
          iwc: file(slices.iwc),
          iro: file(slices.iro),
        },
        maps: {
          depth: file(maps.depth),
          baseline: file(maps.baseline),
          spread: maps.spread === null ? null : file(maps.spread),
        },
        ...facts,
      };
    }
    default:
      return assertNever(request);
  }
}
