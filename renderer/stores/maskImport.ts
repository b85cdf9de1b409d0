import { defineStore } from 'pinia';
import { ExpectedError, type Failure } from '../../shared/failure';
import type { FileToken } from '../../shared/ipc/contract';
import { scanOfMask } from '../../shared/study/matchMasks';
import { ask } from '../ipc/client';
import { count } from '../ui/format';
import { openVolume } from '../workers/openVolume';
import { useEditsStore } from './edits';
import { useMessagesStore } from './messages';
import { useStudyStore } from './study';

/** Taking masks from files, e.g. those of an earlier export, as edited masks of the study's scans. */
export const useMaskImportStore = defineStore('maskImport', () => {
  const study = useStudyStore();
  const edits = useEditsStore();
  const messages = useMessagesStore();

  /** Asks for masks; each goes to the scan that its name tells, a single one else to the scan that is looked at. */
  async function run(): Promise<void> {
    const { files, refused } = await ask('files:open', {});
    refused.forEach((failure) => messages.showFailure(failure as Failure));
    const names = study.scans.map(({ file }) => file.name);
    let taken = 0;
    for (const file of files) {
      const at = scanOfMask(file.name, names);
      const fallback = files.length === 1 ? study.selectedToken : null;
      const token = at === null ? fallback : (study.scans[at]?.file.token ?? null);
      if (token === null) {
        messages.show(
          'warning',
          `${file.name} belongs to no scan of this study by its name: look at its scan, and take it in by itself.`,
        );
        continue;
      }
      await messages.guard(async () => {
        await take(file, token);
        taken += 1;
      });
    }
    if (taken > 0) messages.show('success', `Took in ${count(taken, 'mask')}.`);
  }

  async function take(file: FileToken, token: string): Promise<void> {
    await study.select(token);
    const volume = study.volume;
    if (!volume || study.selectedToken !== token) return;
    const { data, affine } = await openVolume(file);
    const sameGrid =
      data.length === volume.pixels.length &&
      affine.every((value, i) => Math.abs(value - (volume.affine[i] as number)) < 1e-3);
    if (!sameGrid) {
      throw new ExpectedError(
        'shape-mismatch',
        `${file.name} is not on the grid of its scan: resample it onto the scan first.`,
      );
    }
    edits.begin(
      token,
      Uint8Array.from(data, (value) => (value === 0 ? 0 : 1)),
      null,
    );
  }

  return { run };
});
