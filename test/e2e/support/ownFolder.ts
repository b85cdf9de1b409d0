import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from '@playwright/test';

/**
 * A temporary folder of a file of tests, which makes it before its tests and has to remove it after them. Playwright also loads
 * the file where it only lists the tests: what was made while loading would then be left behind.
 * @param name what the folder's name says
 */
export function ownFolder(name: string): string {
  const folder = path.join(tmpdir(), `asc-net-${name}-${randomUUID().slice(0, 8)}`);
  test.beforeAll(() => void mkdirSync(folder));
  return folder;
}
