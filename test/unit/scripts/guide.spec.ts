import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureKinds } from '../../../shared/failure';
import { guidePages } from '../../../shared/study/guidePages';
import { presets, trainingSettingsSchema } from '../../../shared/study/trainingSettings';

const root = path.join(import.meta.dirname, '..', '..', '..');
let out: string;
const read = (page: string): string => readFileSync(path.join(out, `${page}.html`), 'utf8');
const ids = (page: string): string[] =>
  [...read(page).matchAll(/ id="([^"]+)"/g)].map(([, id]) => id as string);

beforeAll(() => {
  out = mkdtempSync(path.join(tmpdir(), 'asc-net-guide-'));
  const made = spawnSync(process.execPath, [path.join(root, 'scripts', 'guide.mjs'), '--out', out], {
    encoding: 'utf8',
  });
  expect([made.status, made.stderr]).toEqual([0, '']);
}, 120_000);
afterAll(() => rmSync(out, { recursive: true, force: true }));

describe('the user guide', () => {
  it('has an entry for every kind of failure, and for no other', () => {
    expect(
      ids('troubleshooting')
        .filter((id) => id !== 'troubleshooting')
        .sort(),
    ).toEqual([...failureKinds].sort());
  });

  it('explains every setting of a training, with its value in each preset', () => {
    const text = read('settings');
    for (const name of Object.keys(trainingSettingsSchema.shape))
      expect(text, name).toContain(`<code>${name}</code>`);
    const row = text.split('<tr>').find((part) => part.includes('<code>normMomentum</code>')) ?? '';
    const cells = [...row.matchAll(/<td>(.*?)<\/td>/gs)].map(([, cell]) => cell);
    expect(cells).toHaveLength(3 + Object.keys(presets).length);
    expect(cells.slice(3)).toEqual(Object.values(presets).map(({ normMomentum }) => String(normMomentum)));
  });

  it('has every key of the window, and every command of the command line', () => {
    const keys = read('keyboard');
    for (const key of ['Ctrl+O', 'F1', 'H', 'N', '?', 'Ctrl+Shift+Z', 'Right drag'])
      expect(keys).toContain(`<code>${key}</code>`);
    const commands = ids('command-line');
    for (const name of ['train', 'segment', 'batch', 'bids', 'doctor', 'native', 'slurm-status'])
      expect(commands).toContain(`asc-net-${name}`);
    expect(read('command-line')).toContain('--healthy-where-empty');
  });

  it('consists of the pages that the program knows', () => {
    const files = readdirSync(path.join(root, 'docs', 'guide')).filter((name) => name.endsWith('.md'));
    expect(files.sort()).toEqual(guidePages.map((page) => `${page}.md`).sort());
  });

  it('leads nowhere that is not there: pages, headings, pictures', () => {
    for (const page of guidePages) {
      for (const [, link = ''] of read(page).matchAll(/(?:href|src)="([^"]+)"/g)) {
        const [file = '', heading] = link.split('#');
        expect(existsSync(path.join(out, file)), `${page}: ${link}`).toBe(true);
        if (heading !== undefined)
          expect(ids(file.replace('.html', '')), `${page}: ${link}`).toContain(heading);
      }
    }
  });

  it('says on every page that this is no medical device, and runs nothing', () => {
    for (const page of guidePages) {
      expect(read(page)).toContain('Not a medical device');
      expect(read(page)).not.toMatch(/<script|\son\w+=|https?:/);
    }
  });
});
