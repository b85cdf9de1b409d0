import type { Failure } from '../../shared/failure';
import type { EarlySlice } from './earlySlice';
import type { ParsedScan } from './parseScan';

/** Asked of the scan worker. Each load has an id; a cancelled one is never answered. */
export type ScanRequest =
  | { readonly type: 'load'; readonly id: number; readonly token: string; readonly name: string }
  | { readonly type: 'cancel'; readonly id: number };

export type ScanReply =
  | { readonly type: 'progress'; readonly id: number; readonly fraction: number }
  /** A first look while the rest is still being read. */
  | { readonly type: 'slice'; readonly id: number; readonly slice: EarlySlice }
  | { readonly type: 'loaded'; readonly id: number; readonly scan: ParsedScan }
  | { readonly type: 'failed'; readonly id: number; readonly failure: Failure };
