import { defineStore } from 'pinia';
import type { Failure } from '../../shared/failure';
import type { FileToken } from '../../shared/ipc/contract';
import { scanOfMask } from '../../shared/study/matchMasks';
import { trueValues } from '../../shared/volume/nifti';
import { ask } from '../ipc/client';
import { count } from '../ui/format';
import { openVolume } from '../workers/openVolume';
import { useDecisionsStore } from './decisions';
import { useEditsStore } from './edits';
import { useMessagesStore } from './messages';
import { useStudyStore } from './study';

/** Taking masks from files, e.g. those of an earlier export, as edited masks of the study's scans. */
export const useMaskImportStore = defineStore('maskImport', () => {
  const study = useStudyStore();
  const edits = useEditsStore();
  const decisions = useDecisionsStore();
  const messages = useMessagesStore();

  /**
   * Asks for masks; each goes to the scan that its name tells, a single one else to the scan that is looked at.
   * @returns whether any was taken in
   */
  async function run(): Promise<boolean> {
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
        if (await take(file, token)) taken += 1;
      });
    }
    if (taken > 0) messages.show('success', `Took in ${count(taken, 'mask')}.`);
    return taken > 0;
  }

  async function take(file: FileToken, token: string): Promise<boolean> {
    await study.select(token);
    if (study.selectedToken !== token) return false;
    const { mask, review } = await ask('masks:take', { mask: file.token, scan: token });
    if (!mask) return false;
    const { values } = trueValues(await openVolume(mask));
    if (values.length !== study.volume?.pixels.length) return false;
    edits.begin(
      token,
      Uint8Array.from(values, (value) => (value > 0.5 ? 1 : 0)),
      null,
    );
    if (review && !decisions.adopt(token, review))
      messages.show('info', `The review beside ${file.name} was left out: its scan has one of its own.`);
    return true;
  }

  return { run };
});
