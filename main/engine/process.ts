import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { ExpectedError, toFailure } from '../../shared/failure';
import {
  engineRequestSchema,
  type ConvertResult,
  type JobRequest,
  type SegmentResult,
} from '../../shared/ipc/engineEvents';
import { settingsFrom } from '../../shared/study/chooseSettings';
import { npyBytes } from '../../shared/volume/npy';
import { writeFileAtomic } from '../files/atomicWrite';
import { adaptRun } from './jobs/adaptRun';
import { openBackend } from './backend/backend';
import { setStartProbe, type ProbeEnd } from './backend/native/probe';
import type { JobContext, JobEvent } from './jobs/context';
import { JobControls } from './jobs/controls';
import { limitEvents } from './jobs/eventLimit';
import { installLibrary } from './jobs/installLibrary';
import { exportRun, importKeras } from './jobs/kerasModels';
import { refuseTooLittleMemory, WINDOW_SLICE } from './jobs/memory';
import { loadModel } from './jobs/model';
import { prepareSets } from './jobs/prepareSets';
import { makeSampleStudy } from './jobs/sample';
import { segmentVolume } from './jobs/segmentVolume';
import { timeTraining } from './jobs/timeTraining';
import { trainRun } from './jobs/trainRun';
import { watchedRows } from './jobs/watchedRows';
import { probeAnsweredSchema, type ProbeAsked } from './probeMessages';
import { isOutOfMemory } from './training/pieces';

/**
 * The engine's own process, which Electron's main forks: it takes requests and answers with events. TensorFlow.js runs
 * here and nowhere else, so that a crash of it takes nothing else down.
 */

/** The end of the pipe to main, as Electron's utilityProcess gives it. */
interface ParentPort {
  on(event: 'message', listener: (message: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

const port = (process as unknown as { parentPort: ParentPort }).parentPort;
const controls = new JobControls();
/** Jobs run one after the other: TensorFlow.js has one state for the whole process. */
let queue: Promise<void> = Promise.resolve();
/** Libraries that main is trying. */
const probes = new Map<string, (end: ProbeEnd) => void>();

setStartProbe(
  (addon, env, timeoutMs) =>
    new Promise((resolve) => {
      const id = randomUUID();
      probes.set(id, resolve);
      const text = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
      port.postMessage({
        type: 'probeAsked',
        id,
        addon,
        env: Object.fromEntries(text),
        timeoutMs,
      } satisfies ProbeAsked);
    }),
);

port.on('message', ({ data }) => {
  const probed = probeAnsweredSchema.safeParse(data);
  if (probed.success) {
    probes.get(probed.data.id)?.(probed.data);
    probes.delete(probed.data.id);
    return;
  }
  const parsed = engineRequestSchema.safeParse(data);
  if (!parsed.success) {
    const { jobId } = data as { jobId?: unknown };
    const failure = toFailure(
      new ExpectedError(
        'internal',
        'The engine was asked for something it does not know.',
        parsed.error.message,
      ),
    );
    port.postMessage({ type: 'failed', jobId: typeof jobId === 'string' ? jobId : '', failure });
    return;
  }
  const request = parsed.data;
  if (request.type === 'stop' || request.type === 'pause' || request.type === 'resume') {
    controls[request.type](request.jobId);
    return;
  }
  queue = queue.then(() => runJob(request));
});

async function runJob(request: JobRequest): Promise<void> {
  const send = (event: JobEvent): void => port.postMessage({ ...event, jobId: request.jobId });
  const limit = limitEvents(send, () => performance.now());
  const context = controls.contextOf(request.jobId, (event) => limit.emit(event));
  try {
    if (context.shouldStop()) throw new ExpectedError('cancelled', 'Stopped before it began.');
    const result = await resultOf(request, context);
    limit.flush();
    send({ type: 'finished', result });
  } catch (error) {
    if (error instanceof ExpectedError && error.kind === 'cancelled') send({ type: 'stopped' });
    else send({ type: 'failed', failure: toFailure(named(error)) });
  } finally {
    controls.forget(request.jobId);
  }
}

/** A lack of memory by its name, wherever it was noticed. */
function named(error: unknown): unknown {
  if (error instanceof ExpectedError || !isOutOfMemory(error)) return error;
  return new ExpectedError(
    'out-of-memory',
    'There is too little memory for this job: choose a smaller width or batch, a smaller scan, or close other programs.',
    String(error),
  );
}

async function resultOf(request: JobRequest, context: JobContext): Promise<unknown> {
  switch (request.type) {
    case 'probe': {
      const { device } = await openBackend(request.backend);
      context.emit({ type: 'device', device });
      return {};
    }
    case 'time':
      return timeTraining(request.backend, context);
    case 'install':
      await installLibrary({ kind: request.kind }, context);
      return {};
    case 'sample':
      return makeSampleStudy(request.outDir, request.seed);
    case 'train': {
      const settings = settingsFrom(request.preset, request.overrides);
      // Before the scans are prepared, which takes its time.
      refuseTooLittleMemory(settings, WINDOW_SLICE, (await openBackend(request.backend)).device);
      const dataDir = join(request.outDir, 'data');
      const { reference, input, preparation } = request;
      const index = await prepareSets(reference, input, [], dataDir, context, {}, preparation);
      const paths = [...reference, ...input].map(({ path }) => path);
      return trainRun(
        {
          dataDir,
          outDir: join(request.outDir, 'run'),
          plan: { kind: 'new', settings },
          backend: request.backend,
          watched: watchedRows(index, paths, request.watched),
        },
        context,
      );
    }
    case 'adapt':
      return adaptRun(request, context);
    case 'continueTraining':
      return trainRun(
        {
          dataDir: join(request.outDir, 'data'),
          outDir: join(request.outDir, 'run'),
          plan: { kind: 'resume', changes: {} },
          backend: request.backend,
        },
        context,
      );
    case 'importModel':
      return { files: await importKeras(request.model, request.outDir, false) } satisfies ConvertResult;
    case 'exportModel':
      return {
        files: await exportRun(request.model, request.outDir, request.overwrite),
      } satisfies ConvertResult;
    case 'segment':
      return segmentForWindow(request, context);
  }
}

async function segmentForWindow(
  request: Extract<JobRequest, { type: 'segment' }>,
  context: JobContext,
): Promise<SegmentResult> {
  const model = await loadModel(request.model, request.backend);
  try {
    const { samples } = request;
    const result = await segmentVolume(request.volume, model, null, context, {
      brainMask: request.brain ?? undefined,
      contrasts: request.contrasts,
      samples,
    });
    const { volume, prepared, slices, whole, spread, baseline, counts, threshold, reason } = result;
    const { count, height, width } = prepared.grid;
    const write = async (
      name: string,
      shape: number[],
      values: Float32Array | Uint8Array,
    ): Promise<string> => {
      const path = join(request.outDir, name);
      await writeFileAtomic(path, npyBytes(shape, values));
      return path;
    };
    const stack = [count, height, width];
    const onGrid = [...volume.dims].reverse();
    const { method, thresholds, doubts, head, cover } = result;
    return {
      iroVolume: await write('iro_volume.npy', onGrid, whole.score),
      maps: {
        depth: await write('depth.npy', onGrid, whole.depth),
        baseline: await write('baseline.npy', onGrid, (baseline as NonNullable<typeof baseline>).score),
        spread: spread && (await write('spread.npy', onGrid, spread)),
      },
      findings: {
        method,
        thresholds: [...thresholds],
        doubts: [...doubts],
        notes: [...volume.warnings, ...prepared.warnings],
        head,
        cover,
        adaptable: model.known.pastedCounts !== null,
        samples,
      },
      slices: {
        input: await write('input.npy', stack, prepared.slices),
        ifc: await write('ifc.npy', stack, slices.ifc),
        iwc: await write('iwc.npy', stack, slices.iwc),
        iro: await write('iro.npy', stack, slices.iro),
      },
      grid: prepared.grid,
      modelSha256: model.sha256,
      histogram: { counts: [...counts], threshold, reason },
      device: model.backend.device,
    };
  } finally {
    model.dispose();
  }
}
