import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import { setThreadsCount } from '@tensorflow/tfjs-backend-wasm';

/** So many workers the backend starts whatever it is told, and takes its threads from the end of them. */
const WORKERS = 8;
const MODULE = 'tfjs-backend-wasm-threaded-simd';

interface Message {
  readonly cmd?: string;
}

/** A worker that is never used: it says that it is loaded and does nothing. */
class IdleWorker extends EventEmitter {
  postMessage({ cmd }: Message): void {
    if (cmd === 'load') setImmediate(() => this.emit('message', { cmd: 'loaded' }));
  }
  unref(): void {
    // Nothing keeps the process alive.
  }
}

/** Makes what the backend takes for a browser's workers: real ones where it takes its threads from. */
function workerMaker(RealWorker: typeof Worker, folder: string, threads: number): () => Worker | IdleWorker {
  const files = join(folder, 'wasm-out');
  const load = createRequire(__filename);
  const { wasmWorkerContents } = load(join(files, `${MODULE}.worker.js`)) as { wasmWorkerContents: string };
  // Its line breaks stand within strings.
  const program = wasmWorkerContents.replaceAll('\n', '\\n');
  let made = 0;
  return () => {
    made += 1;
    // The main thread computes too.
    if (made <= WORKERS - (threads - 1)) return new IdleWorker();
    const worker = new RealWorker(program, { eval: true, execArgv: [] });
    const post = worker.postMessage.bind(worker);
    worker.postMessage = (message: Message) =>
      post(message.cmd === 'load' ? { ...message, urlOrBlob: join(files, `${MODULE}.js`) } : message);
    return worker;
  };
}

/**
 * Opens the wasm backend on several threads. By itself it does so in browsers only: it gives its threads their programs as
 * blobs, which Node's workers do not load. The same programs lie in the package as files.
 * @param folder of the package
 * @returns how many threads
 */
export async function openOnThreads(folder: string): Promise<number> {
  const threads = Math.min(WORKERS, availableParallelism());
  const load = createRequire(__filename);
  const node = load('node:worker_threads') as { Worker: unknown };
  // A bundle looks the class up in the module each time, where another will be in a moment.
  const RealWorker = Worker;
  const os = load('node:os') as { cpus: () => unknown[] };
  const { cpus } = os;
  if (threads > 1) {
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', true);
    setThreadsCount(threads);
    const make = workerMaker(RealWorker, folder, threads);
    // The backend takes the class out of the module when it starts its threads.
    node.Worker = function () {
      return make();
    };
    // It takes half of the processors at most, and on a machine with two of them would stay on one.
    os.cpus = () => Array.from({ length: 2 * threads });
  }
  try {
    if (!(await tf.setBackend('wasm'))) throw new Error('TensorFlow.js could not open its wasm backend');
    await tf.ready();
  } finally {
    node.Worker = RealWorker;
    os.cpus = cpus;
  }
  return threads;
}
