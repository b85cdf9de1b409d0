import '../ipc/withoutEval';
import { toFailure } from '../../shared/failure';
import { EarlySlices } from './earlySlice';
import { openVolume } from './openVolume';
import { parseScan } from './parseScan';
import { thumbnail } from './thumbnail';
import type { ScanReply, ScanRequest } from './scanMessages';
import { workerScope } from './workerScope';

const scope = workerScope<ScanRequest, ScanReply>();
const running = new Map<number, AbortController>();

scope.onMessage((request) => {
  if (request.type === 'cancel') running.get(request.id)?.abort();
  else void load(request);
});

async function load({ id, token, name }: Extract<ScanRequest, { type: 'load' }>): Promise<void> {
  const abort = new AbortController();
  running.set(id, abort);
  try {
    let told = 0;
    const early = new EarlySlices();
    const volume = await openVolume(
      { token, name },
      (fraction, bytes) => {
        const slice = early.take(bytes, performance.now());
        if (slice) scope.post({ type: 'slice', id, slice }, [slice.pixels.buffer]);
        if (fraction - told < 0.02) return;
        told = fraction;
        scope.post({ type: 'progress', id, fraction });
      },
      abort.signal,
    );
    const parsed = parseScan(volume);
    const scan = { ...parsed, thumbnail: await thumbnail(parsed.volume) };
    if (!abort.signal.aborted) {
      scope.post({ type: 'loaded', id, scan }, [scan.volume.pixels.buffer, scan.volume.profile.buffer]);
    }
  } catch (thrown) {
    if (!abort.signal.aborted) scope.post({ type: 'failed', id, failure: toFailure(thrown) });
  } finally {
    running.delete(id);
  }
}
