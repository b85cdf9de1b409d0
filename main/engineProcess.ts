import os from 'node:os';
import path from 'node:path';
import { utilityProcess, type UtilityProcess } from 'electron';
import { probeAskedSchema, type ProbeAnswered, type ProbeAsked } from './engine/probeMessages';
import type { EngineProcess } from './engineHost';

/** How much of what the engine writes to stderr is kept. */
const LAST_WORDS = 4000;
/** How long after its end what a process wrote may come. */
const LAST_WORDS_MS = 300;

/** Starts the engine's process, and on its behalf the ones in which it tries TensorFlow's library. */
export function startEngine(): EngineProcess {
  const engine = fork('engine.cjs', [], 'ASC-Net engine');
  let lastWords = '';
  engine.stderr?.on('data', (chunk: Buffer) => {
    process.stderr.write(chunk);
    lastWords = (lastWords + chunk.toString()).slice(-LAST_WORDS);
  });
  engine.stdout?.resume();
  engine.on('message', (message: unknown) => {
    const asked = probeAskedSchema.safeParse(message);
    if (asked.success) void tryLibrary(asked.data).then((answer) => engine.postMessage(answer));
  });
  return {
    postMessage: (message) => engine.postMessage(message),
    kill: () => engine.kill(),
    lastWords: () => lastWords,
    on: ((event: string, listener: (value: unknown) => void) =>
      engine.on(event as 'message', (value: unknown) => {
        if (!probeAskedSchema.safeParse(value).success) listener(value);
      })) as EngineProcess['on'],
  };
}

function fork(entry: string, args: string[], serviceName: string, env = process.env): UtilityProcess {
  // Inside a packed app they lie beside the archive: a process cannot be forked from within it.
  const file = path.join(__dirname, entry).replace('app.asar', 'app.asar.unpacked');
  return utilityProcess.fork(file, args, { serviceName, stdio: 'pipe', env });
}

function tryLibrary({ id, addon, env, timeoutMs }: ProbeAsked): Promise<ProbeAnswered> {
  const child = fork('probe.cjs', [addon], 'ASC-Net probe', { ...process.env, ...env });
  let [out, err, late] = ['', '', false];
  child.stdout?.resume();
  child.once('message', (answer: unknown) => {
    out = String(answer);
    child.kill();
  });
  child.stderr?.on('data', (chunk) => (err += String(chunk)));
  const timer = setTimeout(() => {
    late = true;
    child.kill();
  }, timeoutMs);
  return new Promise((resolve) => {
    child.once('exit', (code) => {
      clearTimeout(timer);
      const end = { type: 'probeAnswered', id, out } as const;
      if (out !== '') return resolve({ ...end, code: 0, signal: null, err });
      // What it printed last may still be on its way, and its streams do not say when they end.
      setTimeout(
        () => resolve({ ...end, code, signal: late ? 'SIGTERM' : signalOf(code), err }),
        LAST_WORDS_MS,
      );
    });
  });
}

/** Where there are signals Electron gives a killing signal's number as the exit code; our program ends with 0 or 1. */
function signalOf(code: number): NodeJS.Signals | null {
  if (process.platform === 'win32' || code <= 1) return null;
  const found = Object.entries(os.constants.signals).find(([, number]) => number === code);
  return (found?.[0] as NodeJS.Signals | undefined) ?? null;
}
