import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort } from 'node:worker_threads';
import { toFailure } from '../../../../shared/failure';
import type { PreparedScan } from '../segmentation';
import { finishItem, prepareItem } from './scanWork';
import type { ThreadRequest, ThreadReply } from './threads';

/** The thread that reads scans and writes results. It holds one scan at a time. */
const port = parentPort;
if (!port) throw new Error('to be started as a thread');

/** Frees a scan's arrays at once: left to itself, the thread lets several scans' of them pile up before it looks. */
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
let held: PreparedScan | null = null;

port.on('message', (request: ThreadRequest) => {
  void answer(request).then(
    (reply) => port.postMessage(reply),
    (error: unknown) => port.postMessage({ type: 'failed', failure: toFailure(error) } satisfies ThreadReply),
  );
});

async function answer(request: ThreadRequest): Promise<ThreadReply> {
  if (request.type === 'prepare') {
    held = await prepareItem(request.request);
    const { slices, channelOffsets, grid } = held.prepared;
    const { height, width, count } = grid;
    // A copy: the pictures are made of the slices later.
    return { type: 'prepared', slices, channelOffsets, height, width, count };
  }
  if (!held) throw new Error('nothing was prepared');
  const scan = held;
  held = null;
  const finished = await finishItem(request.item, scan, request.request);
  collect();
  return { type: 'finished', finished };
}
