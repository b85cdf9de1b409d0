import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FileTokens } from '../../../main/files/tokens';
import { pageEventOf } from '../../../main/ipc/pageEvents';
import type { Services } from '../../../main/ipc/services';
import { pageEventSchema } from '../../../shared/ipc/contract';
import type { JobRequest } from '../../../shared/ipc/engineEvents';

const answer = vi.hoisted(() => ({ canceled: false, filePaths: [] as string[], button: 0 }));
vi.mock('electron', () => ({
  dialog: {
    showOpenDialog: () => Promise.resolve(answer),
    showMessageBox: () => Promise.resolve({ response: answer.button }),
  },
}));
const { modelHandlers } = await import('../../../main/ipc/handlers/models');

const started: JobRequest[] = [];
const tokens = new FileTokens();
const handlers = modelHandlers({
  tokens,
  window: () => null,
  engine: { start: (request: JobRequest) => started.push(request) },
  study: { nextRun: () => '/study/runs/3' },
} as unknown as Services);

beforeEach(() => {
  started.length = 0;
  answer.canceled = false;
});

describe('Keras models in and out of the window', () => {
  it('imports the chosen file into a run of the study, which the page knows by a token', async () => {
    answer.filePaths = ['/elsewhere/generator.h5'];
    const { jobId } = await handlers['model:import']({});
    const outDir = path.join('/study/runs/3', 'run');
    const request = { jobId, type: 'importModel', model: '/elsewhere/generator.h5', outDir } as JobRequest;
    expect(started).toEqual([request]);
    const result = { files: ['run.json'] };
    const event = pageEventOf({ jobId: jobId as string, type: 'finished', result }, request, tokens);
    expect(pageEventSchema.parse(event)).toEqual(event);
    expect(JSON.stringify(event)).not.toMatch(/elsewhere|study/);
    if (event.topic !== 'finished' || event.result.job !== 'importModel') throw new Error('no import');
    expect(event.result.importedFrom).toBe('generator.h5');
    expect(tokens.pathOf(event.result.run.token, 'run')).toBe(outDir);
  });

  it('exports a run to the chosen folder, and names the files that were written', async () => {
    answer.filePaths = ['/target'];
    const run = tokens.adopt('/study/runs/1/run', 'run', 0).token;
    const { jobId } = await handlers['model:export']({ run });
    const request = {
      jobId,
      type: 'exportModel',
      model: '/study/runs/1/run',
      outDir: '/target',
      overwrite: false,
    } as JobRequest;
    expect(started).toEqual([request]);
    const result = { files: ['a.h5', 'b.h5'] };
    const event = pageEventOf({ jobId: jobId as string, type: 'finished', result }, request, tokens);
    expect(event).toMatchObject({ result: { job: 'exportModel', files: ['a.h5', 'b.h5'] } });
  });

  it('asks before it replaces files that are there already', async () => {
    const target = mkdtempSync(path.join(tmpdir(), 'ascnet-models-'));
    writeFileSync(path.join(target, 'disjoint_un_sup_mse_generator.h5'), 'older');
    answer.filePaths = [target];
    const run = tokens.adopt('/study/runs/1/run', 'run', 0).token;
    answer.button = 1;
    expect(await handlers['model:export']({ run })).toEqual({ jobId: null });
    expect(started).toEqual([]);
    answer.button = 0;
    await handlers['model:export']({ run });
    expect(started).toMatchObject([{ type: 'exportModel', outDir: target, overwrite: true }]);
    rmSync(target, { recursive: true });
  });

  it('starts nothing where the dialog was cancelled or the token is none of a run', async () => {
    answer.canceled = true;
    const run = tokens.adopt('/study/runs/1/run', 'run', 0).token;
    expect(await handlers['model:import']({})).toEqual({ jobId: null });
    expect(await handlers['model:export']({ run })).toEqual({ jobId: null });
    await expect(handlers['model:export']({ run: '0'.repeat(32) })).rejects.toMatchObject({ kind: 'denied' });
    expect(started).toEqual([]);
  });
});
