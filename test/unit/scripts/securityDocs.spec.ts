import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** What docs/security.md claims is held by tests that exist. */
const text = readFileSync('docs/security.md', 'utf8').replace(/\s+/g, ' ');
/** `file`: name; name */
const claims = [
  ...text.matchAll(/`(test\/[\w./]+\.spec\.ts)`(?:: ([^`|()]+?(?:`[^`|()]*)?))?(?=\s*[|)]|; `test|\. )/g),
].map(([, file = '', names = '']) => ({ file, names: names.split('; ').filter((name) => name !== '') }));

it('names every line of Electron\u2019s checklist', () => {
  const lines = [...text.matchAll(/\| (\d+)\. /g)].map(([, number]) => Number(number));
  expect(lines).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
});

it('names tests that exist', () => {
  expect(claims.length).toBeGreaterThan(20);
  for (const { file, names } of claims) {
    const source = readFileSync(file, 'utf8').replaceAll('\\u2019', '\u2019');
    for (const name of names) expect(source, file).toContain(name.trim());
  }
});

it('main opens nothing with another program', () => {
  const files = execFileSync('git', ['ls-files', 'main'], { encoding: 'utf8' }).trim().split('\n');
  const opening = files.filter((file) =>
    /\bshell\b/.test(readFileSync(file, 'utf8').match(/import \{[^}]*\} from 'electron'/)?.[0] ?? ''),
  );
  expect(opening).toEqual([]);
});

it('the Electron that ships is named exactly', () => {
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  expect(devDependencies['electron']).toMatch(/^\d+\.\d+\.\d+$/);
});
