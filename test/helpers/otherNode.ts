import { existsSync } from 'node:fs';
import { otherNodePath } from '../../scripts/otherNode.mjs';
import { absent } from './absent';

/**
 * A Node on the other side of version 23 than the one that runs, or null where it was not fetched: then a test that needs it
 * is skipped, except in CI, where this throws.
 */
export function otherNode(): string | null {
  const node = otherNodePath();
  if (node !== null && existsSync(node)) return node;
  return absent('Another Node', 'It is fetched by `npm test -- --only unit`, on Linux with x64 processors.');
}
