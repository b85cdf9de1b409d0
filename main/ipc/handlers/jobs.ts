import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { mapContrasts, type OfContrasts } from '../../../shared/imaging/contrasts';
import type { ChosenScan, JobResult } from '../../../shared/ipc/contract';
import type { JobRequest, JobScan } from '../../../shared/ipc/engineEvents';
import { stemOf } from '../../../shared/study/exportNames';
import { SET_FILES } from '../../engine/jobs/prepareSets';
import { unfinishedRuns } from '../../engine/jobs/unfinishedRuns';
import type { Handlers } from '../router';
import type { Services } from '../services';

type JobChannel =
  | 'study:openSample'
  | 'engine:probe'
  | 'engine:time'
  | 'engine:install'
  | 'training:start'
  | 'training:unfinished'
  | 'training:continue'
  | 'training:adapt'
  | 'inference:segment'
  | 'jobs:open'
  | 'jobs:stop'
  | 'jobs:pause'
  | 'jobs:resume';

/** The sample study is the same for everyone: its lesions are implanted with this seed. */
const sampleSeed = 1;

/** What the page calls the job of a request. */
const resultJobs: Readonly<Record<JobRequest['type'], JobResult['job']>> = {
  probe: 'probe',
  install: 'install',
  sample: 'sample',
  train: 'train',
  continueTraining: 'train',
  adapt: 'train',
  time: 'time',
  importModel: 'importModel',
  exportModel: 'exportModel',
  segment: 'segment',
};

/** What becomes of files is the engine's: these only put paths in the place of tokens and pass the jobs on. */
export function jobHandlers({ tokens, engine, study, link }: Services): Pick<Handlers, JobChannel> {
  const start = (request: JobRequest): { jobId: string } => {
    engine.start(request);
    return { jobId: request.jobId };
  };
  const maskOf = (token: string | null): string | null =>
    token === null ? null : tokens.pathOf(token, 'file');
  const filesOf = (contrasts: OfContrasts<string>): OfContrasts<string> =>
    mapContrasts(contrasts, (token) => tokens.pathOf(token, 'file'));
  const scans = (chosen: readonly ChosenScan[]): JobScan[] =>
    chosen.map(({ token, slices, brain, contrasts }) => ({
      path: tokens.pathOf(token, 'file'),
      slices,
      brain: maskOf(brain),
      contrasts: filesOf(contrasts),
    }));

  return {
    'study:openSample': () =>
      start({ jobId: randomUUID(), type: 'sample', outDir: study.sample(), seed: sampleSeed }),
    'engine:probe': ({ backend }) => start({ jobId: randomUUID(), type: 'probe', backend }),
    'engine:time': ({ backend }) => start({ jobId: randomUUID(), type: 'time', backend }),
    'engine:install': ({ kind }) => start({ jobId: randomUUID(), type: 'install', kind }),
    'training:start': ({ reference, input, preparation, preset, overrides, watched, backend }) =>
      start({
        jobId: randomUUID(),
        type: 'train',
        outDir: study.nextRun(),
        reference: scans(reference),
        input: scans(input),
        preparation,
        preset,
        overrides,
        watched: watched.map(({ token, slice }) => ({
          path: tokens.pathOf(token, 'file'),
          slice,
          label: `${stemOf(tokens.nameOf(token, 'file'))}, slice ${slice + 1}`,
        })),
        backend,
      }),
    'training:unfinished': async () => ({
      runs: (await unfinishedRuns(study.runs)).map(({ folder, state, settings, savedAt }) => ({
        run: tokens.adopt(path.join(folder, 'run'), 'run', 0, path.basename(folder)),
        stage: state.stage,
        cycle: state.cycle,
        cycles: settings.maxCycles,
        preset: settings.preset,
        width: settings.baseWidth,
        savedAt,
      })),
    }),
    'training:continue': ({ run, backend }) => {
      const folder = tokens.pathOf(run, 'run');
      // A study may name runs that lie elsewhere, to segment with.
      study.mayWrite(path.join(folder, 'checkpoints'));
      const outDir = path.dirname(folder);
      return start({ jobId: randomUUID(), type: 'continueTraining', outDir, backend });
    },
    'training:adapt': ({ run, scan, backend }) => {
      const model = tokens.pathOf(run, 'run');
      const data = [path.join(path.dirname(model), 'data'), path.join(model, 'data')].find((folder) =>
        existsSync(path.join(folder, SET_FILES.index)),
      );
      return start({
        jobId: randomUUID(),
        type: 'adapt',
        model,
        healthy: scans([scan])[0] as JobScan,
        data: data ?? null,
        outDir: path.join(study.nextRun(), 'run'),
        backend,
      });
    },
    'inference:segment': ({ run, scan, brain, contrasts, samples, backend }) =>
      start({
        jobId: randomUUID(),
        type: 'segment',
        model: tokens.pathOf(run, 'run'),
        volume: tokens.pathOf(scan, 'file'),
        brain: maskOf(brain),
        contrasts: filesOf(contrasts),
        samples,
        outDir: study.nextResult(),
        backend,
      }),
    'jobs:open': () => ({
      jobs: [...engine.open, ...link.listen()].map((request) => ({
        jobId: request.jobId,
        job: resultJobs[request.type],
        scan: request.type === 'segment' ? tokens.adopt(request.volume, 'file', 0).token : null,
        paused: engine.isPaused(request.jobId),
      })),
      device: link.device,
    }),
    'jobs:stop': ({ jobId }) => {
      engine.tell(jobId, 'stop');
      return {};
    },
    'jobs:pause': ({ jobId }) => {
      engine.tell(jobId, 'pause');
      return {};
    },
    'jobs:resume': ({ jobId }) => {
      engine.tell(jobId, 'resume');
      return {};
    },
  };
}
