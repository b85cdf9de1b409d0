import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startMain, type MainProcess } from '../../helpers/mainProcess';

vi.mock('electron', () => ({ app: {}, dialog: {}, ipcMain: {}, nativeTheme: {} }));
const { allHandlers } = await import('../../../main/ipc/handlers/all');

/** What the program is asked to open from outside, as the page gets it. */
let place: string;
let main: MainProcess;
beforeEach(() => {
  place = mkdtempSync(path.join(tmpdir(), 'asc-net-given-'));
  main = startMain(path.join(place, 'main'));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const given = () => allHandlers(main.services)['files:given']({});

function scan(name: string): string {
  copyFileSync(path.join(place, 'main', 'scans', 'scan.nii'), path.join(place, name));
  return path.join(place, name);
}

/** An empty study, and the file that stands for it. */
function study(): string {
  const folder = path.join(place, 'study');
  mkdirSync(folder);
  const empty = { name: 'given', scans: [], run: null, selected: null };
  const file = { format: 'asc-net-study', version: 3, savedAt: '', study: empty };
  writeFileSync(path.join(folder, 'study.json'), JSON.stringify(file));
  writeFileSync(path.join(folder, 'study.ascnet'), '');
  return path.join(folder, 'study.ascnet');
}

it('scans come once, and what is not there is refused beside them', async () => {
  main.services.opening.add([scan('a.nii'), path.join(place, 'gone.nii')]);
  const answer = await given();
  expect(answer).toMatchObject({
    files: [{ name: 'a.nii' }],
    refused: [{ kind: 'file-missing' }],
    study: false,
  });
  expect(await given()).toEqual({ files: [], refused: [], study: false });
});

it('a study is open when this answers, and scans beside it come the next time', async () => {
  main.services.opening.add([scan('a.nii'), study()]);
  expect(await given()).toEqual({ files: [], refused: [], study: true });
  expect((await main.services.studies.current()).study?.name).toBe('given');
  expect(await given()).toMatchObject({ files: [{ name: 'a.nii' }], study: false });
});

it('no study takes the place of one in which a job runs', async () => {
  main.services.opening.add([study()]);
  const running = vi.spyOn(main.services.engine, 'isBusy', 'get').mockReturnValue(true);
  expect(await given()).toMatchObject({ refused: [{ kind: 'busy' }], study: false });
  running.mockRestore();
  expect((await main.services.studies.current()).study).toBeNull();
});
