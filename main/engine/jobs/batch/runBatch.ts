import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { BatchRecord, DoneRecord } from '../../../../shared/cohort/record';
import { ExpectedError, toFailure, type Failure } from '../../../../shared/failure';
import { nothingKnown } from '../../../../shared/imaging/scanDoubts';
import { SOFTWARE } from '../../../version';
import { below, type BatchItem } from './items';
import { takeLock } from './lock';
import { BatchNetwork } from './network';
import { filesAreThere, lockFile, readRecord, writeRecord } from './records';
import { fingerprintOf, type BatchSettings, type Fingerprint } from './settings';
import { openThread, type ScanThread } from './threads';

/** What became of one scan. */
export type Outcome =
  | { readonly kind: 'done'; readonly item: BatchItem; readonly record: DoneRecord }
  /** It was done before, from the same input, model and settings. */
  | { readonly kind: 'kept'; readonly item: BatchItem }
  /** Another worker has it. */
  | { readonly kind: 'taken'; readonly item: BatchItem }
  | { readonly kind: 'failed'; readonly item: BatchItem; readonly failure: Failure };

export interface BatchOptions {
  readonly outDir: string;
  readonly settings: BatchSettings;
  /** Scans in memory at a time: one is read, one is in the network, one is written. */
  readonly lanes: number;
  /** Replace results that no record of this batch speaks of. */
  readonly overwrite: boolean;
  readonly onOutcome: (outcome: Outcome) => void;
  readonly shouldStop: () => boolean;
}

export interface BatchTotals {
  readonly outcomes: readonly Outcome[];
  readonly wallMs: number;
  /** How long the network itself was at work; 0 for the baseline. */
  readonly networkMs: number;
  readonly stopped: boolean;
}

/**
 * Segments many scans in one process, the model loaded once. While the network works on one scan, threads read the next and
 * write the last. What fails is recorded and does not stop the rest. Several processes may work on one batch.
 * @throws ExpectedError where the model cannot be loaded
 */
export async function runBatch(items: readonly BatchItem[], options: BatchOptions): Promise<BatchTotals> {
  const startedMs = performance.now();
  const network = await BatchNetwork.open(options.settings);
  const outcomes: Outcome[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    const thread = openThread();
    try {
      while (next < items.length && !options.shouldStop()) {
        const item = items[next++] as BatchItem;
        const outcome = await oneScan(item, network, thread, options);
        outcomes.push(outcome);
        options.onOutcome(outcome);
      }
    } finally {
      await thread.end();
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(options.lanes, items.length) }, lane));
  } finally {
    network?.dispose();
  }
  return {
    outcomes,
    wallMs: performance.now() - startedMs,
    networkMs: network?.workedMs ?? 0,
    stopped: outcomes.length < items.length,
  };
}

async function oneScan(
  item: BatchItem,
  network: BatchNetwork | null,
  thread: ScanThread,
  options: BatchOptions,
): Promise<Outcome> {
  const lock = await takeLock(lockFile(options.outDir, item.id));
  if (!lock) return { kind: 'taken', item };
  let known: Fingerprint | null = null;
  try {
    const before = await readRecord(options.outDir, item.id);
    known = await fingerprint(item, options.settings, network);
    if (before?.state === 'done' && before.fingerprint === known.fingerprint) {
      if (await filesAreThere(options.outDir, before)) return { kind: 'kept', item };
    }
    if (!before && !options.overwrite) refuseForeign(item, options.outDir);
    await writeRecord(options.outDir, { ...about(item, known), state: 'started' });
    const record = await segment(item, known, network, thread, options);
    await writeRecord(options.outDir, record);
    return { kind: 'done', item, record };
  } catch (error) {
    const failure = toFailure(error);
    // A disk that is full takes no record either; the summary tells of it.
    await writeRecord(options.outDir, { ...about(item, known), state: 'failed', failure }).catch(
      () => undefined,
    );
    return { kind: 'failed', item, failure };
  } finally {
    await lock.release();
  }
}

async function segment(
  item: BatchItem,
  known: Fingerprint,
  network: BatchNetwork | null,
  thread: ScanThread,
  { outDir, settings }: BatchOptions,
): Promise<DoneRecord> {
  const beganMs = performance.now();
  const wanted = network && { shape: network.model.shape, preparation: network.model.preparation };
  const prepared = await thread.prepare({ item, options: settings.volume, network: wanted });
  const prepareMs = performance.now() - beganMs;
  const result = network ? await network.judge(prepared, settings.samples) : null;
  const finishBeganMs = performance.now();
  const finished = await thread.finish(item, {
    outDir,
    judged: result && { iro: result.iro, spread: result.spread },
    threshold: settings.threshold,
    rules: settings.rules,
    known: network?.model.known ?? nothingKnown,
    modelSha256: network?.model.sha256 ?? null,
    sourceSha256: known.sourceSha256,
    facts: network
      ? { Method: 'ASC-Net', Model: network.model.sha256, Device: network.model.backend.device.label }
      : { Method: 'intensity baseline: a threshold on the smoothed scan' },
  });
  const tookMs = {
    prepare: prepareMs,
    network: result?.tookMs ?? 0,
    finish: performance.now() - finishBeganMs,
  };
  return { ...about(item, known), ...finished, state: 'done', tookMs };
}

function about(
  item: BatchItem,
  known: Fingerprint | null,
): Omit<Extract<BatchRecord, { state: 'started' }>, 'state'> {
  return {
    format: 'asc-net-batch-record',
    version: 1,
    id: item.id,
    subject: item.subject,
    session: item.session,
    source: item.source,
    fingerprint: known?.fingerprint ?? null,
    software: SOFTWARE,
    at: new Date().toISOString(),
  };
}

async function fingerprint(
  item: BatchItem,
  settings: BatchSettings,
  network: BatchNetwork | null,
): Promise<Fingerprint> {
  try {
    return await fingerprintOf(item, settings, network?.model.sha256 ?? null);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new ExpectedError(
      missing ? 'file-missing' : 'file-unreadable',
      missing
        ? `There is no file ${basename(item.source)}${item.brainMask ? `, or no brain mask ${basename(item.brainMask)}` : ''}; check the name and the folder.`
        : `${basename(item.source)} cannot be read (${(error as Error).message}).`,
    );
  }
}

/** Results that no record speaks of are somebody else's. */
function refuseForeign(item: BatchItem, outDir: string): void {
  const there = Object.values(item.names).find((name) => existsSync(below(outDir, name)));
  if (there === undefined) return;
  throw new ExpectedError(
    'file-exists',
    `${basename(there)} exists already and no record of this batch speaks of it: --overwrite replaces it; or choose another folder.`,
  );
}
