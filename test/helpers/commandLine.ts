import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, vi } from 'vitest';
import { runCli } from '../../main/cli/program';

/** The command line within a test file: a folder of its own, and what the last test's commands have printed. */
export interface CommandLine {
  readonly printed: { out: string; err: string };
  readonly folder: string;
  /** A path inside the folder. */
  readonly at: (name: string) => string;
  /** Runs a command; its exit code. */
  readonly run: (...args: string[]) => Promise<number>;
}

/** Sets up the command line for the tests of a file; removes its folder after them. */
export function commandLine(name: string): CommandLine {
  const folder = mkdtempSync(join(tmpdir(), `asc-net-${name}-`));
  const printed = { out: '', err: '' };
  beforeEach(() => {
    Object.assign(printed, { out: '', err: '' });
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed.out += String(text);
      return true;
    });
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      printed.err += String(text);
      return true;
    });
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    printed,
    folder,
    at: (file) => join(folder, file),
    run: (...args) => runCli(['node', 'asc-net', ...args]),
  };
}
