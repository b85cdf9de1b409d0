import { freemem, totalmem } from 'node:os';

/** Memory that can be had without other programs being pushed out, in bytes. */
export function availableBytes(): number {
  // What macOS calls free leaves out all that it would give back at once.
  if (process.platform === 'darwin') return Math.max(freemem(), totalmem() / 2);
  const { availableMemory } = process as { availableMemory?: () => number };
  return availableMemory?.() ?? freemem();
}
