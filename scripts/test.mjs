import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt } from './build.mjs';
import { electronExecutable } from './electron.mjs';
import { offline } from './offline.mjs';
import { ensureOracles } from './oracles.mjs';
import { ensureOtherNode } from './otherNode.mjs';
import { ensurePackagedApp } from './packagedApp.mjs';
import { root } from './paths.mjs';
import { PlainError, run, runAsScript } from './processes.mjs';
import { ensureSystemPackages } from './systemPackages.mjs';
import { closingLine, playwrightCounts, sum, vitestCounts } from './testCounts.mjs';

/** @typedef {'checks' | 'unit' | 'e2e'} Part */
/** @typedef {{ name: string, parts: Part[], run: () => Promise<unknown> }} Step */

/**
 * One of the tools in node_modules, run without npx, which would take half a second each.
 *
 * @param {string} tool
 * @param {string[]} args
 */
async function tool(tool, args) {
  const { code } = await run(path.join(root, 'node_modules', '.bin', tool), args, { cwd: root });
  if (code !== 0) throw new PlainError(`${[tool, ...args].join(' ')}: exit code ${code}`);
}

/** The end-to-end tests that also run against the checkout in the Electron at hand, as `npm start` does. */
const inCheckoutToo = ['test/e2e/security.spec.ts', 'test/e2e/opening.spec.ts'];
let packagedApp = '';

/** @type {Step[]} */
const steps = [
  { name: 'System packages', parts: ['unit', 'e2e'], run: ensureSystemPackages },
  { name: 'Format', parts: ['checks'], run: () => tool('prettier', ['--check', '--log-level=warn', '.']) },
  { name: 'Lint', parts: ['checks'], run: () => tool('eslint', ['--max-warnings=0', '.']) },
  { name: 'Types', parts: ['checks'], run: () => tool('tsc', ['--build']) },
  {
    name: 'Types of the window',
    parts: ['checks'],
    run: () => tool('vue-tsc', ['--noEmit', '-p', 'renderer/tsconfig.json']),
  },
  {
    name: 'Walls between the rooms',
    parts: ['checks'],
    run: () => tool('depcruise', ['--config', '.dependency-cruiser.cjs', 'shared', 'main', 'renderer']),
  },
  { name: 'Unused files, exports and packages', parts: ['checks'], run: () => tool('knip', []) },
  { name: 'Build', parts: ['unit', 'e2e'], run: () => ensureBuilt() },
  {
    name: 'Python for comparisons',
    parts: ['unit', 'e2e'],
    run: async () => console.log(await ensureOracles()),
  },
  {
    name: 'Electron',
    parts: ['unit', 'e2e'],
    run: async () => {
      const { version, kind } = await electronExecutable();
      console.log(`Electron ${version} (${kind})`);
    },
  },
  {
    name: 'Another Node',
    parts: ['unit'],
    run: async () => console.log((await ensureOtherNode()) ?? 'none for this machine'),
  },
  {
    name: 'Packaged app',
    parts: ['e2e'],
    run: async () => {
      packagedApp = await ensurePackagedApp();
    },
  },
];

/** @param {string} text */
function heading(text) {
  console.log(`\n=== ${text}`);
}

/** @param {number} sinceMs */
function took(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

/**
 * @param {string} file
 * @returns {unknown} null where the runner died before it wrote one
 */
function readReport(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/** @param {string} reportFile */
async function vitest(reportFile) {
  const { code } = await run(
    path.join(root, 'node_modules', '.bin', 'vitest'),
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`],
    { cwd: root },
  );
  return vitestCounts(readReport(reportFile), code);
}

/**
 * @param {string} reportFile
 * @param {Record<string, string>} env
 * @param {string[]} files all of them unless given
 */
async function playwright(reportFile, env, files = []) {
  let command = [
    path.join(root, 'node_modules', '.bin', 'playwright'),
    'test',
    '--reporter=list,json',
    ...files,
  ];
  if (process.platform === 'linux' && !process.env.DISPLAY)
    command.unshift('xvfb-run', '-a', '-s', '-screen 0 1600x1000x24');
  command = offline(command);
  const [program, ...args] = command;
  const { code } = await run(/** @type {string} */ (program), args, {
    cwd: root,
    env: { ...process.env, ...env, PLAYWRIGHT_JSON_OUTPUT_FILE: reportFile },
  });
  return playwrightCounts(readReport(reportFile), code);
}

await runAsScript(import.meta.url, async () => {
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  if (values.only !== undefined && !['unit', 'e2e', 'checks'].includes(values.only)) {
    console.error('Usage: npm test [-- --only unit|e2e|checks]');
    return 2;
  }
  /** @param {Part[]} parts */
  const wanted = (parts) => values.only === undefined || parts.some((part) => part === values.only);

  const startMs = performance.now();
  for (const step of steps.filter((each) => wanted(each.parts))) {
    heading(step.name);
    const stepMs = performance.now();
    try {
      await step.run();
      console.log(`    ${took(stepMs)}`);
    } catch (error) {
      console.error(error instanceof PlainError ? error.message : error);
      heading(`FAILED: ${step.name} (${took(stepMs)}); no test was run.`);
      console.log(closingLine({ passed: 0, failed: 1, skipped: 0 }));
      return 1;
    }
  }

  const reports = fs.mkdtempSync(path.join(os.tmpdir(), 'asc-net-test-'));
  try {
    /** @type {import('./testCounts.mjs').Counts[]} */
    const counts = [];
    /** @type {{ name: string, parts: Part[], run: (file: string) => Promise<import('./testCounts.mjs').Counts> }[]} */
    const runners = [
      { name: 'Unit and integration tests', parts: ['unit'], run: vitest },
      {
        name: 'End-to-end tests, against the packaged app',
        parts: ['e2e'],
        run: (file) => playwright(file, { ASCNET_APP: packagedApp }),
      },
      {
        name: 'End-to-end tests, against the checkout',
        parts: ['e2e'],
        run: (file) => playwright(file, {}, inCheckoutToo),
      },
    ];
    for (const runner of runners.filter((each) => wanted(each.parts))) {
      heading(runner.name);
      const runnerMs = performance.now();
      const result = await runner.run(path.join(reports, `${counts.length}.json`));
      counts.push(result);
      // No "passed" here: the closing line is the only one of its form.
      console.log(`    ${result.failed === 0 ? 'good' : 'NOT GOOD'}, ${took(runnerMs)}`);
    }
    const total = sum(counts);
    heading(`Done in ${took(startMs)}`);
    console.log(
      closingLine(
        values.only === 'checks'
          ? { passed: steps.filter((s) => s.parts.includes('checks')).length, failed: 0, skipped: 0 }
          : total,
      ),
    );
    return total.failed === 0 ? 0 : 1;
  } finally {
    fs.rmSync(reports, { recursive: true, force: true });
  }
});
