import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Closing } from '../../main/closing';
import { EngineHost, type EngineProcess } from '../../main/engineHost';
import { SettingsFile } from '../../main/files/settings';
import { StudyFolder } from '../../main/files/studyFolder';
import { StudyStore } from '../../main/files/studyStore';
import { FileTokens } from '../../main/files/tokens';
import type { GuideWindow } from '../../main/guideWindow';
import type { Services } from '../../main/ipc/services';
import { Opening } from '../../main/opening';
import { PageLink } from '../../main/pageLink';
import { engineRequestSchema, type EngineRequest } from '../../shared/ipc/engineEvents';
import { niftiBytes } from '../../shared/volume/nifti';

/** Main's services on a folder of their own, with an engine that refuses each job at once and remembers what it was asked. */
export interface MainProcess {
  readonly services: Services;
  readonly asked: readonly EngineRequest[];
  /** A file, a run and a folder that the page knows. */
  readonly tokens: { readonly scan: string; readonly run: string; readonly exports: string };
}

/** Starts them in a folder. Whoever calls has put a mock in the place of electron. */
export function startMain(folder: string): MainProcess {
  const make = (name: string): string => {
    mkdirSync(path.join(folder, name), { recursive: true });
    return path.join(folder, name);
  };
  const userData = make('profile');
  const tokens = new FileTokens();
  const study = new StudyFolder(userData);
  const asked: EngineRequest[] = [];
  const engine = new EngineHost({
    fork: () => refusingEngine(asked),
    onEvent: () => undefined,
    log: () => undefined,
  });
  const scan = path.join(make('scans'), 'scan.nii');
  writeFileSync(scan, smallScan());
  return {
    services: {
      tokens,
      engine,
      study,
      studies: new StudyStore(study, tokens, userData),
      settings: new SettingsFile(userData),
      menu: { show: () => undefined },
      link: new PageLink(() => undefined),
      guide: { open: () => Promise.resolve() } as unknown as GuideWindow,
      log: Object.assign(() => undefined, { read: () => [] }),
      notices: [],
      closing: { answer: () => undefined } as unknown as Closing,
      opening: new Opening(() => undefined),
      window: () => null,
    },
    asked,
    tokens: {
      scan: tokens.adopt(scan, 'file', 1).token,
      run: tokens.adopt(path.join(study.nextRun(), 'run'), 'run', 0).token,
      exports: tokens.adopt(make('exports'), 'folder', 0).token,
    },
  };
}

/** What no one was given: tokens of another window are such. */
export const strangerToken = (): string => randomBytes(16).toString('hex');

function refusingEngine(asked: EngineRequest[]): EngineProcess {
  let tell: (message: unknown) => void = () => undefined;
  return {
    postMessage: (message) => {
      const request = engineRequestSchema.parse(message);
      asked.push(request);
      tell({ jobId: request.jobId, type: 'stopped' });
    },
    on: (event, listener) => {
      if (event === 'message') tell = listener as (message: unknown) => void;
    },
    kill: () => true,
    lastWords: () => '',
  };
}

/** 4 x 3 x 2 voxels of 1 mm. */
function smallScan(): Uint8Array {
  const affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] as const;
  const like = { dims: [4, 3, 2], affine, zooms: [1, 1, 1], header: null } as const;
  return niftiBytes({ dims: like.dims, data: new Uint8Array(24), like, description: '' });
}
