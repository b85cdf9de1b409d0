import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { estimate } from '../../../main/engine/jobs/cluster/estimate';
import { chunks } from '../../../main/engine/jobs/cluster/plan';
import { quoted } from '../../../main/engine/jobs/cluster/slurm';
import { combinations } from '../../../main/engine/jobs/cluster/sweep';

describe('a job array', () => {
  it('is cut into equal parts that lose nothing', () => {
    expect(chunks([1, 2, 3, 4, 5, 6, 7], 3)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6, 7],
    ]);
    expect(chunks([1, 2], 10)).toEqual([[1, 2]]);
    expect(chunks([1, 2], 0)).toEqual([[1], [2]]);
  });

  it('asks for twice the time and one and a half times the memory of the probe', () => {
    const probe = { scanMs: 20_000, startMs: 5_000, peakMb: 1000 };
    // (600 - 5) s / 20 s = 29 scans; 5 + 29 * 20 = 585 s, twice that 19.5 min.
    expect(estimate(probe, 1000, 1, 10, null)).toEqual({ chunkSize: 29, minutes: 20, memoryMb: 1536 });
    // Two more lanes: 1000 * (1 + 1.2) * 1.5 = 3300.
    expect(estimate(probe, 4, 3, 10, null)).toEqual({ chunkSize: 4, minutes: 5, memoryMb: 3328 });
    expect(estimate(probe, 1000, 1, 10, 100).minutes).toBe(67);
  });

  it.each(["it's", '$HOME `id` "x" \\ %a', 'a\nb', '', '-rf', '!! ;&|<>*?[~'])(
    'passes %j through a shell unchanged',
    (word) => {
      const { stdout } = spawnSync('bash', ['-c', `printf %s ${quoted(word)}`], { encoding: 'utf8' });
      expect(stdout).toBe(word);
    },
  );

  it('sweeps over every combination', () => {
    expect(
      combinations(
        new Map<string, unknown[]>([
          ['a', [1, 2]],
          ['b', ['x', 'y']],
        ]),
      ),
    ).toEqual([
      { a: 1, b: 'x' },
      { a: 1, b: 'y' },
      { a: 2, b: 'x' },
      { a: 2, b: 'y' },
    ]);
  });
});
