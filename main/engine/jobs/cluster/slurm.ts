import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ExpectedError } from '../../../../shared/failure';
import type { Resources } from './plan';

/** A word that a POSIX shell takes as it is, whatever is in it. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** How the program is started on a node, as words. */
export function programWords(resources: Resources): string[] {
  if (resources.container === null) return [process.execPath, process.argv[1] as string];
  return [
    'apptainer',
    'exec',
    ...(resources.gres?.startsWith('gpu') ? ['--nv'] : []),
    ...resources.bind.flatMap((folder) => ['--bind', folder]),
    resources.container,
    'asc-net',
  ];
}

/** The script of an array's tasks, or of the step after them. @param words what is run; the task's number follows */
export function script(words: readonly string[]): string {
  return `#!/bin/bash
# Written by asc-net slurm.
exec ${words.map(quoted).join(' ')} "\${SLURM_ARRAY_TASK_ID:-0}"
`;
}

/**
 * Submits a script. Options go to sbatch as words, never through a shell.
 * @returns the job's number
 * @throws ExpectedError backend-missing, settings-invalid with what sbatch said
 */
export async function submit(
  folder: string,
  file: string,
  name: string,
  options: readonly string[],
  resources: Resources,
): Promise<string> {
  const asked = [
    '--parsable',
    `--chdir=${folder}`,
    `--job-name=${name}`,
    `--cpus-per-task=${resources.cpus}`,
    `--mem=${resources.memoryMb}M`,
    `--time=${resources.minutes}`,
    ...(resources.gres === null ? [] : [`--gres=${resources.gres}`]),
    ...(resources.partition === null ? [] : [`--partition=${resources.partition}`]),
    ...(resources.account === null ? [] : [`--account=${resources.account}`]),
  ];
  const answer = await slurm('sbatch', [...asked, ...options, file], folder);
  return (answer.trim().split(';')[0] as string).trim();
}

export interface QueuedTask {
  readonly task: number;
  readonly state: string;
}

/** The tasks of an array that wait or run. A job that SLURM has forgotten has none. */
export async function queuedTasks(jobId: string): Promise<QueuedTask[]> {
  const answer = await slurm('squeue', [
    '--noheader',
    '--array',
    '--format=%i %K %T',
    `--user=${process.getuid?.() ?? ''}`,
  ]);
  return answer.split('\n').flatMap((line) => {
    const [id = '', task = '', state = ''] = line.trim().split(/\s+/);
    return id.split('_')[0] === jobId && /^\d+$/.test(task) ? [{ task: Number(task), state }] : [];
  });
}

export async function cancel(jobId: string): Promise<void> {
  // One that has ended is not there any more, which is as well.
  await slurm('scancel', [jobId]).catch(() => undefined);
}

async function slurm(command: string, args: readonly string[], cwd?: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, [...args], { cwd, maxBuffer: 1 << 26 });
    return stdout;
  } catch (error) {
    const {
      code,
      stderr = '',
      message,
    } = error as { code?: string | number; stderr?: string; message: string };
    if (code === 'ENOENT') {
      throw new ExpectedError(
        'backend-missing',
        `SLURM's ${command} is not on this machine: run this on a login node of the cluster, or use asc-net batch here.`,
      );
    }
    const said = stderr.trim().split('\n').at(-1) ?? '';
    throw new ExpectedError(
      'settings-invalid',
      `${command} refused: ${said.replace(/^\w+: (error: )?/, '') || message}`,
      stderr,
    );
  }
}
