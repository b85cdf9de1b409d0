import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureBuilt } from '../../scripts/build.mjs';
import { npyValues } from '../../shared/volume/npy';
import { testBackend } from '../helpers/backend';
import { otherNode } from '../helpers/otherNode';
import { kerasReference } from '../helpers/realData';

const node = otherNode();
const reference = kerasReference();
const out = mkdtempSync(path.join(tmpdir(), 'asc-net-node-'));
const cli = path.resolve(import.meta.dirname, '..', '..', 'bin', 'asc-net.mjs');
beforeAll(() => ensureBuilt({ wanted: ['node'] }), 120_000);
afterAll(() => rmSync(out, { recursive: true, force: true }));

it.skipIf(!node || !reference)(
  'a Node on the other side of version 23 predicts what Keras does',
  () => {
    const published = path.join(reference as string, 'w4_32x48');
    const run = (...args: string[]): string => {
      const { status, stdout, stderr } = spawnSync(node as string, [cli, ...args], { encoding: 'utf8' });
      expect(status, stderr).toBe(0);
      return stdout + stderr;
    };
    const isNew = (version: string): boolean => Number(version.split('.')[0]) >= 23;
    const theirs = spawnSync(node as string, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout;
    expect(isNew(theirs)).not.toBe(isNew(process.versions.node));

    const model = path.join(published, 'disjoint_un_sup_mse_generator.h5');
    const input = path.join(published, 'input.npy');
    run('predict', '--model', model, '--input', input, '--out', out, '--backend', testBackend);
    for (const name of ['ifc', 'iwc', 'iro']) {
      const got = npyValues(readFileSync(path.join(out, `${name}.npy`)));
      const want = npyValues(readFileSync(path.join(published, `predict_${name}.npy`)));
      expect(got.length).toBe(want.length);
      // As test/reference/keras.spec.ts does under the Node at hand.
      expect(Math.max(...got.map((value, i) => Math.abs(value - (want[i] as number))))).toBeLessThan(1e-5);
    }
  },
  120_000,
);
