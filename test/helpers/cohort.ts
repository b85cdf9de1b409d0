import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createRandom } from '../../shared/random';
import { niftiBytes } from '../../shared/volume/nifti';
import { ballScan } from './ballScan';

/** A BIDS data set of small ball scans, each with noise of its own, and its true masks; sub-03 has two sessions. */
export function ballCohort(folder: string, subjects: readonly string[]): void {
  const { like, scan, truth } = ballScan();
  const put = (path: string, data: Float32Array | Uint8Array): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(
      join(folder, path),
      gzipSync(niftiBytes({ dims: like.dims, data, like, description: 'test' })),
    );
  };
  const random = createRandom(11);
  for (const subject of subjects) {
    const sessions = subject === '03' ? ['a', 'b'] : [null];
    for (const session of sessions) {
      const place = session === null ? `sub-${subject}` : `sub-${subject}/ses-${session}`;
      const name = place.replace('/', '_');
      const noisy = scan.map((value) => (value > 0 ? value + random.normal() : 0));
      put(`${place}/anat/${name}_FLAIR.nii.gz`, noisy);
      put(`derivatives/truth/${place}/anat/${name}_label-lesion_mask.nii.gz`, truth);
    }
  }
  writeFileSync(join(folder, 'dataset_description.json'), '{"Name":"balls","BIDSVersion":"1.10.0"}');
}

/** What the BIDS validator holds against a data set: its errors, not its advice. @param python that it is installed for */
export function bidsFaults(python: string, folder: string): unknown[] {
  const validator = resolve(dirname(python), 'bids-validator-deno');
  const { stdout } = spawnSync(python, [validator, folder, '--json'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const { issues } = (JSON.parse(stdout) as { issues: { issues: { severity: string; code: string }[] } })
    .issues;
  if (issues.length === 0) throw new Error('the validator has no advice either: it has read nothing');
  return issues.filter(({ severity }) => severity === 'error');
}
