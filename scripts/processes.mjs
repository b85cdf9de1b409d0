import { spawn, spawnSync } from 'node:child_process';

/** A failure that a person can act on: its message is printed as it is, without a stack. */
export class PlainError extends Error {}

/**
 * Runs a program to its end.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, quiet?: boolean, timeoutMs?: number, onStdout?: 'stderr' }} [options]
 *   quiet: keep its output to ourselves; onStdout: what it prints goes to our stderr, so that our stdout stays clean.
 * @returns {Promise<{ code: number, output: string }>} code 127 where the program does not exist; output only when quiet.
 */
export function run(command, args, options = {}) {
  const { cwd, env, quiet = false, timeoutMs, onStdout } = options;
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(command, [...args], {
      cwd,
      env,
      timeout: timeoutMs,
      stdio: quiet
        ? ['ignore', 'pipe', 'pipe']
        : ['inherit', onStdout === 'stderr' ? 2 : 'inherit', 'inherit'],
      // npm and npx are scripts there.
      shell: process.platform === 'win32',
    });
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: 127, output: `${command}: ${error.message}` }));
    child.on('close', (code, signal) => resolve({ code: code ?? (signal ? 1 : 0), output }));
  });
}

/**
 * Whether a program runs and exits with 0.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {boolean}
 */
export function succeeds(command, args) {
  return spawnSync(command, [...args], { stdio: 'ignore' }).status === 0;
}

/**
 * The last lines of a program's output that say something, for an error message.
 *
 * @param {string} output
 * @param {number} [count]
 * @returns {string}
 */
export function lastLines(output, count = 5) {
  return output
    .split('\n')
    .filter((line) => line.trim())
    .slice(-count)
    .join('\n');
}

/**
 * Runs the main function of a script when that script is what Node was started with.
 *
 * @param {string} moduleUrl import.meta.url of the caller
 * @param {() => Promise<number | void> | number | void} main returns the exit code
 */
export async function runAsScript(moduleUrl, main) {
  const { pathToFileURL } = await import('node:url');
  const { realpathSync } = await import('node:fs');
  const script = process.argv[1];
  if (!script || pathToFileURL(realpathSync(script)).href !== moduleUrl) return;
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    console.error(error instanceof PlainError ? error.message : error);
    process.exitCode = 1;
  }
}
