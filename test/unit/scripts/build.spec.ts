import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isBuilt, outputsOf, sourcesDigest, stampFile } from '../../../scripts/build.mjs';

describe('whether out/ is up to date', () => {
  let checkout: string;

  function stamp(): void {
    for (const part of ['node', 'window'] as const)
      writeFileSync(stampFile(part, checkout), sourcesDigest(part, checkout));
  }

  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'asc-net-build-'));
    for (const dir of ['shared', 'main', 'renderer']) mkdirSync(join(checkout, dir), { recursive: true });
    writeFileSync(join(checkout, 'shared', 'a.ts'), 'export const a = 1;');
    for (const file of [...outputsOf('node'), ...outputsOf('window')]) {
      mkdirSync(join(checkout, 'out', dirname(file)), { recursive: true });
      writeFileSync(join(checkout, 'out', file), '');
    }
    stamp();
  });
  afterEach(() => rmSync(checkout, { recursive: true, force: true }));

  it('is, when nothing moved', () => {
    expect(isBuilt('node', checkout)).toBe(true);
  });

  it('is not after an edit, a new file, a deleted file or a missing output', () => {
    const source = join(checkout, 'shared', 'a.ts');
    utimesSync(source, new Date(0), new Date(0));
    expect(isBuilt('node', checkout)).toBe(false);

    stamp();
    writeFileSync(join(checkout, 'main', 'b.ts'), '');
    expect(isBuilt('node', checkout)).toBe(false);
    rmSync(join(checkout, 'main', 'b.ts'));
    expect(isBuilt('node', checkout)).toBe(true);

    rmSync(source);
    expect(isBuilt('node', checkout)).toBe(false);

    stamp();
    rmSync(join(checkout, 'out', 'main', 'cli.cjs'));
    expect(isBuilt('node', checkout)).toBe(false);
  });

  it('leaves what runs in Node alone when only the window was edited', () => {
    writeFileSync(join(checkout, 'renderer', 'App.vue'), '<template></template>');
    expect(isBuilt('node', checkout)).toBe(true);
    expect(isBuilt('window', checkout)).toBe(false);
  });
});
