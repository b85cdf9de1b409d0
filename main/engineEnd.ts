import type { Failure } from '../shared/failure';

/** How a process of the engine came to its end without being asked. */
export type EngineEndKind = 'exit' | 'killed' | 'crash' | 'out-of-memory' | 'missing-instruction';

export interface EngineEnd {
  readonly kind: EngineEndKind;
  /** For a log: the code, the signal, the last line that the process wrote. */
  readonly detail: string;
}

/** What is known of an ended process. */
export interface EndedProcess {
  /**
   * What Electron gives: an exit code; on Linux and macOS the number of a signal, on Windows the status of an exception. Node
   * and shells give 128 and the signal's number.
   */
  readonly code: number;
  /** The end of what it wrote to stderr. */
  readonly lastWords: string;
  /** Whether the system has killed a process for memory while it ran; null where the system does not say. */
  readonly killedForMemory: boolean | null;
}

/** Signal numbers that Linux and macOS share, apart from SIGBUS (7 and 10). */
const signals: Readonly<Record<number, string>> = {
  4: 'SIGILL',
  5: 'SIGTRAP',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  10: 'SIGBUS',
  11: 'SIGSEGV',
  15: 'SIGTERM',
};

/** NTSTATUS values of Windows, and what Chromium ends itself with when memory runs out (0xe0000008). */
const statuses: Readonly<Record<number, EngineEndKind>> = {
  0xc000001d: 'missing-instruction',
  0xc0000017: 'out-of-memory',
  0xc000012d: 'out-of-memory',
  0xe0000008: 'out-of-memory',
  0xc0000005: 'crash',
  0xc00000fd: 'crash',
  0xc0000374: 'crash',
  0xc0000409: 'crash',
};

const memoryWords =
  /out of memory|heap limit|allocation failed|failed to allocate|bad_alloc|\bOOM\b|resource.?exhausted/i;
const instructionWords = /illegal instruction|compiled to use \S+ instructions/i;

/** Tells apart how the engine ended: left by itself, killed from outside, crashed, out of memory, an unknown instruction. */
export function engineEnd({ code, lastWords, killedForMemory }: EndedProcess): EngineEnd {
  const status = code >>> 0;
  const signal = signals[code > 128 && code < 160 ? code - 128 : code];
  const line = lastWords.trim().split('\n').at(-1) ?? '';
  const what = signal ?? (status > 0xffff ? `status 0x${status.toString(16)}` : `exit code ${code}`);
  return {
    kind: kindOf(signal, status, lastWords, killedForMemory),
    detail: line === '' ? what : `${what}: ${line}`,
  };
}

function kindOf(
  signal: string | undefined,
  status: number,
  words: string,
  killedForMemory: boolean | null,
): EngineEndKind {
  if (signal === 'SIGILL' || instructionWords.test(words)) return 'missing-instruction';
  const known = statuses[status];
  if (known === 'crash' && memoryWords.test(words)) return 'out-of-memory';
  if (known) return known;
  if (memoryWords.test(words) || (signal === 'SIGKILL' && killedForMemory === true)) return 'out-of-memory';
  if (signal === 'SIGKILL' || signal === 'SIGTERM') return 'killed';
  return signal ? 'crash' : 'exit';
}

interface Told {
  readonly failure: Failure['kind'];
  readonly what: string;
  readonly wayOn: string;
}

const told: Readonly<Record<EngineEndKind, Told>> = {
  exit: {
    failure: 'engine-crashed',
    what: 'The engine stopped unexpectedly: it ended by itself.',
    wayOn: 'It starts afresh with your next click. If it happens again, report the problem (Help menu).',
  },
  killed: {
    failure: 'engine-crashed',
    what: 'The engine stopped unexpectedly: it was ended from outside, as a system does when memory runs short.',
    wayOn:
      'It starts afresh with your next click. If it happens again, choose a smaller width or close other programs.',
  },
  crash: {
    failure: 'engine-crashed',
    what: 'The engine stopped unexpectedly: it crashed.',
    wayOn:
      'It starts afresh with your next click. If it happens again, choose WebAssembly as the device, and report the problem (Help menu).',
  },
  'out-of-memory': {
    failure: 'out-of-memory',
    what: 'The engine ran out of memory.',
    wayOn:
      'It starts afresh with your next click: choose a smaller width or a smaller batch, or close other programs.',
  },
  'missing-instruction': {
    failure: 'backend-missing',
    what: 'This processor lacks an instruction that TensorFlow’s library was built with.',
    wayOn: 'Choose WebAssembly as the device in Train.',
  },
};

/** The failure of a job that the end of the process has cut off. @param unfinished what became of it, as a sentence */
export function endFailure(end: EngineEnd, unfinished: string): Failure {
  const { failure, what, wayOn } = told[end.kind];
  return { kind: failure, message: `${unfinished} ${what} ${wayOn}`, detail: `engine: ${end.detail}` };
}
