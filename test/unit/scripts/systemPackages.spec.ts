import { describe, expect, it } from 'vitest';
import { missingPackages, neededPackages } from '../../../scripts/systemPackages.mjs';

const bare = { hasDisplay: false, hasPython: false, canMakeVenv: false };

describe('system packages', () => {
  it('takes the name that the distribution knows', () => {
    const ubuntu = (name: string): boolean => name !== 'libgtk-3-0' && name !== 'libasound2';
    const missing = missingPackages(neededPackages(bare), new Set(['libnss3']), ubuntu);
    expect(missing).toContain('libgtk-3-0t64');
    expect(missing).toContain('libasound2t64');
    expect(missing).toContain('python3-venv');
    expect(missing).not.toContain('libnss3');
  });

  it('is content with either name', () => {
    const missing = missingPackages(
      neededPackages(bare),
      new Set(['libgtk-3-0t64', 'libasound2']),
      () => true,
    );
    expect(missing.filter((name) => /gtk|asound/.test(name))).toEqual([]);
  });

  it('needs no display in memory where there is a real one, and no venv package where venv works', () => {
    const names = neededPackages({ hasDisplay: true, hasPython: true, canMakeVenv: true }).flat();
    expect(names).not.toContain('xvfb');
    expect(names).not.toContain('python3-venv');
  });
});
