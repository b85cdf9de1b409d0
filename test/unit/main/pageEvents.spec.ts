import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { JobRequest } from '../../../shared/ipc/engineEvents';
import { FileTokens } from '../../../main/files/tokens';
import { pageEventOf } from '../../../main/ipc/pageEvents';
import { pageEventSchema } from '../../../shared/ipc/contract';

const folder = mkdtempSync(path.join(tmpdir(), 'asc-net-events-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string): string {
  const target = path.join(folder, name);
  writeFileSync(target, 'x');
  return target;
}

const device = { backend: 'wasm', label: 'CPU', version: '4', whyNotFaster: '' } as const;

describe('pageEventOf', () => {
  it('leaves events without results as they are', () => {
    const event = { jobId: '1', type: 'stopped' } as const;
    const request: JobRequest = { jobId: '1', type: 'probe', backend: 'auto' };
    expect(pageEventOf(event, request, new FileTokens())).toEqual({ topic: 'engine', event });
  });

  it('puts tokens in the place of every path of a result', () => {
    const tokens = new FileTokens();
    const request: JobRequest = {
      jobId: '1',
      type: 'segment',
      model: '/run',
      brain: null,
      contrasts: {},
      volume: file('scan.nii'),
      samples: 0,
      outDir: folder,
      backend: 'auto',
    };
    const event = pageEventOf(
      {
        jobId: '1',
        type: 'finished',
        result: {
          iroVolume: file('v.npy'),
          slices: { input: file('a.npy'), ifc: file('b.npy'), iwc: file('c.npy'), iro: file('d.npy') },
          grid: {},
          maps: { depth: file('e.npy'), baseline: file('f.npy'), spread: null },
          findings: {
            method: 'valley',
            thresholds: [{ method: 'valley', threshold: 0.5, reason: '' }],
            doubts: [],
            notes: [],
            head: { first: 0, last: 9, sliceMm: 1 },
            cover: null,
            adaptable: false,
            samples: 0,
          },
          modelSha256: 'f',
          histogram: { counts: [1], threshold: 0.5, reason: '' },
          device,
        },
      },
      request,
      tokens,
    );
    expect(event.topic).toBe('finished');
    expect(JSON.stringify(event)).not.toContain(folder);
    // The page can read it back by the contract.
    expect(pageEventSchema.parse(event)).toEqual(event);
    if (event.topic !== 'finished' || event.result.job !== 'segment') throw new Error('not a segmentation');
    expect(tokens.pathOf(event.result.slices.iwc.token, 'file')).toBe(path.join(folder, 'c.npy'));
    expect(tokens.pathOf(event.result.scan, 'file')).toBe(path.join(folder, 'scan.nii'));
  });

  it('hides the run behind a token that streams nothing', () => {
    const tokens = new FileTokens();
    const request = { jobId: '1', type: 'train' } as JobRequest;
    const result = {
      run: '/studies/1/runs/2/run',
      device,
      cycles: 3,
      stoppedEarly: false,
      ended: 'cycles',
      durationMs: 5,
      fullTrainingMs: null,
    };
    const event = pageEventOf({ jobId: '1', type: 'finished', result }, request, tokens);
    if (event.topic !== 'finished' || event.result.job !== 'train') throw new Error('not a training');
    const { token } = event.result.run;
    expect(() => tokens.pathOf(token, 'file')).toThrow();
    expect(tokens.pathOf(token, 'run')).toBe('/studies/1/runs/2/run');
  });

  it('turns a result that cannot be read into a failed job', () => {
    const request = { jobId: '1', type: 'sample' } as JobRequest;
    for (const result of [null, {}, { scan: '/gone', truth: '/gone', referenceSlices: [] }]) {
      const event = pageEventOf({ jobId: '1', type: 'finished', result }, request, new FileTokens());
      expect(event).toMatchObject({ topic: 'engine', event: { jobId: '1', type: 'failed' } });
    }
  });
});
