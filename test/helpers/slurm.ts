import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { vi } from 'vitest';
import { absent } from './absent';

/** A SLURM cluster of this one machine with two CPUs, with daemons, key, ports and state of its own. */
export interface Cluster {
  readonly env: NodeJS.ProcessEnv;
  /** Runs one of SLURM's commands. @returns what it printed */
  readonly command: (name: string, ...args: string[]) => string;
  readonly node: string;
  stop(): Promise<void>;
}

/** Starts munged, slurmctld and slurmd; null where they are not installed (in CI: throws). */
export async function startCluster(): Promise<Cluster | null> {
  const daemons = ['munged', 'slurmctld', 'slurmd'].map((name) =>
    ['/usr/sbin', '/usr/bin', '/usr/local/sbin'].map((folder) => join(folder, name)).find(existsSync),
  );
  const [munged, slurmctld, slurmd] = daemons;
  if (!munged || !slurmctld || !slurmd)
    return absent('SLURM', 'Install it: apt-get install slurm-wlm munge.');
  const folder = mkdtempSync(join(tmpdir(), 'asc-net-slurm-'));
  chmodSync(folder, 0o755);
  const at = (name: string): string => join(folder, name);
  for (const name of ['state', 'spool']) mkdirSync(at(name));
  writeFileSync(at('munge.key'), randomBytes(1024), { mode: 0o600 });
  const node = hostname().split('.')[0] as string;
  const [controller, worker] = [await freePort(), await freePort()];
  writeFileSync(
    at('slurm.conf'),
    [
      'ClusterName=test',
      `SlurmctldHost=${node}(127.0.0.1)`,
      `SlurmUser=${userInfo().username}`,
      `SlurmdUser=${userInfo().username}`,
      'AuthType=auth/munge',
      `AuthInfo=socket=${at('munge.socket')}`,
      'CredType=cred/munge',
      `SlurmctldPort=${controller}`,
      `SlurmdPort=${worker}`,
      `StateSaveLocation=${at('state')}`,
      `SlurmdSpoolDir=${at('spool')}`,
      `SlurmctldPidFile=${at('slurmctld.pid')}`,
      `SlurmdPidFile=${at('slurmd.pid')}`,
      'ProctrackType=proctrack/linuxproc',
      'TaskPlugin=task/none',
      'SelectType=select/cons_tres',
      'SelectTypeParameters=CR_Core',
      'SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1',
      'MpiDefault=none',
      'ReturnToService=2',
      'KillWait=2',
      // A machine that is busy or held for minutes is no lost node.
      'SlurmdTimeout=3600',
      'SlurmdParameters=config_overrides',
      `NodeName=${node} NodeAddr=127.0.0.1 CPUs=2 RealMemory=16000`,
      `PartitionName=all Nodes=${node} Default=YES MaxTime=INFINITE State=UP`,
    ].join('\n'),
  );
  const env = { ...process.env, SLURM_CONF: at('slurm.conf') };
  const children: ChildProcess[] = [];
  const start = (program: string, ...args: string[]): void => {
    children.push(spawn(program, args, { env, stdio: 'ignore' }));
  };
  const command = (name: string, ...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(name, args, { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${name}: ${stderr}`);
    return stdout;
  };
  const stop = async (): Promise<void> => {
    for (const child of [...children].reverse()) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.kill('SIGTERM')) await ended;
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const munge = ['key-file', 'pid-file', 'log-file', 'seed-file', 'socket'].map(
      (name) => `--${name}=${at(`munge.${name.replace('-file', '')}`)}`,
    );
    start(munged, '--foreground', '--force', ...munge);
    await vi.waitFor(() => readFileSync(at('munge.pid')), { timeout: 20_000, interval: 100 });
    start(slurmctld, '-D', '-f', at('slurm.conf'), '-L', at('slurmctld.log'));
    start(slurmd, '-D', '-f', at('slurm.conf'), '-L', at('slurmd.log'));
    await vi.waitFor(
      () => {
        if (!/idle/.test(command('sinfo', '--noheader', '--format=%T'))) throw new Error('not idle yet');
      },
      { timeout: 40_000, interval: 200 },
    );
  } catch (error) {
    const logs = ['munge.log', 'slurmctld.log', 'slurmd.log'].map((name) =>
      existsSync(at(name)) ? readFileSync(at(name), 'utf8').split('\n').slice(-12).join('\n') : `no ${name}`,
    );
    await stop();
    throw new Error(`SLURM did not start: ${(error as Error).message}\n${logs.join('\n')}`, { cause: error });
  }
  return { env, command, node, stop };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
