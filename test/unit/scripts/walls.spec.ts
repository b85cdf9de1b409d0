import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');

/** Each planted import with the wall that must refuse it; null: a door that is open. */
const planted: readonly (readonly [from: string, to: string, wall: string | null])[] = [
  ['main/index.ts', 'electron', null],
  ['main/window.ts', '../renderer/main', 'main-knows-no-renderer'],
  ['renderer/stores/study.ts', '../../main/secret', 'renderer-knows-no-main'],
  ['shared/volume/volume.ts', '../../main/secret', 'shared-knows-no-room'],
  ['shared/imaging/files.ts', 'node:fs', 'shared-runs-anywhere'],
  ['main/engine/process.ts', 'electron', 'electron-in-main-only'],
  ['main/cli/index.ts', '../index', 'engine-and-cli-never-reach-electron'],
  ['renderer/ui/button.ts', 'vue', null],
  ['renderer/viewer/image.ts', 'vue', 'vue-in-renderer-only'],
  ['renderer/workers/parse.ts', 'pinia', 'vue-in-renderer-only'],
  ['main/menu.ts', 'vue', 'vue-in-renderer-only'],
  ['main/engine/backend/load.ts', '@tensorflow/tfjs-core', null],
  ['main/ipc/train.ts', '@tensorflow/tfjs-core', 'tensorflow-in-engine-only'],
  ['renderer/ui/tensor.ts', '@tensorflow/tfjs-core', 'tensorflow-in-engine-only'],
  ['renderer/ui/path.ts', 'node:path', 'renderer-is-a-web-page'],
  ['main/engine/files.ts', 'node:fs', null],
  ['main/engine/network/weights.ts', 'node:fs', 'the-networks-core-runs-anywhere'],
  ['main/engine/training/loop.ts', 'node:timers', 'the-networks-core-runs-anywhere'],
  ['main/engine/inference/predict.ts', 'node:path', 'the-networks-core-runs-anywhere'],
  ['renderer/features/data/list.ts', '../review/index', null],
  ['renderer/features/data/table.ts', '../review/inner', 'a-feature-has-one-door'],
  ['renderer/ui/shortcut.ts', '../features/review/inner', 'a-feature-has-one-door-for-others-too'],
  ['shared/circleA.ts', './circleB', 'no-circles'],
  ['main/typo.ts', './noSuchFile', 'only-what-resolves'],
  ['shared/fuzz.ts', 'fast-check', 'product-uses-production-packages'],
];

interface Violation {
  from: string;
  rule: { name: string };
}

describe('the walls between the rooms', () => {
  const dir = mkdtempSync(join(tmpdir(), 'asc-net-walls-'));
  let violations: Violation[] = [];

  function plant(file: string, text: string): void {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  }

  beforeAll(() => {
    for (const file of ['.dependency-cruiser.cjs', 'tsconfig.base.json', 'package.json'])
      cpSync(join(root, file), join(dir, file));
    for (const name of ['electron', 'vue', 'pinia', '@tensorflow/tfjs-core', 'fast-check']) {
      plant(
        `node_modules/${name}/package.json`,
        JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
      );
      plant(`node_modules/${name}/index.js`, 'exports.thing = 1;');
    }
    plant('main/secret.ts', "import { thing } from './index';\nexport const secret = thing;");
    plant('renderer/main.ts', "import './ui/button';");
    plant('renderer/features/review/index.ts', "export { inner } from './inner';");
    plant('renderer/features/review/inner.ts', 'export const inner = 1;');
    plant('shared/circleB.ts', "import { made } from './circleA';\nexport const thing = made;");
    for (const [from, to] of planted)
      plant(from, `import { thing } from '${to}';\nexport const made = thing;`);
    const cruise = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
    const { stdout } = spawnSync(
      process.execPath,
      [cruise, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'shared', 'main', 'renderer'],
      { cwd: dir, encoding: 'utf8', maxBuffer: 2 ** 26 },
    );
    violations = (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations;
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it.each(planted)('%s importing %s: %s', (from, _to, wall) => {
    const refusedBy = violations.filter((each) => each.from === from).map((each) => each.rule.name);
    if (wall) expect(refusedBy).toContain(wall);
    else expect(refusedBy).toEqual([]);
  });

  it('refuses a module that nothing uses', () => {
    plant('shared/alone.ts', 'export const alone = 1;');
    const cruise = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
    const { status, stdout } = spawnSync(
      process.execPath,
      [cruise, '--config', '.dependency-cruiser.cjs', 'shared'],
      { cwd: dir, encoding: 'utf8' },
    );
    expect(status).not.toBe(0);
    expect(stdout).toMatch(/no-orphans: .*alone\.ts/);
  });
});
