import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readVolumeFile } from '../../../main/files/readVolume';
import { findBrainMask } from '../../../shared/imaging/brainMask';
import { prepareVolume } from '../../../shared/imaging/preparation';
import { scanStatistics, unlikeTrained, type ScanStatistics } from '../../../shared/imaging/scanStatistics';
import { trueValues } from '../../../shared/volume/nifti';
import { realData } from '../../helpers/realData';
import { sortedInside } from '../../../shared/imaging/percentiles';

const data = realData();

/** Scans that a lab may hand in by mistake, beside a training on the FLAIR of one real patient or of both. */
describe.skipIf(data === null)('odd scans', () => {
  const brains: Record<string, { values: Float32Array; brain: Uint8Array; statistics: ScanStatistics }> = {};
  const known = (name: string): (typeof brains)[string] => brains[name] as (typeof brains)[string];
  const doubts = (of: ScanStatistics, ...trainedOn: string[]): string =>
    unlikeTrained(
      of,
      trainedOn.map((name) => known(name).statistics),
    ).join(' ');

  beforeAll(async () => {
    for (const name of [
      'patient07/FLAIR',
      'patient19/FLAIR',
      'patient07/T1',
      'patient19/T1',
      'patient07/T2',
    ]) {
      const volume = await readVolumeFile(join(data as string, `${name}.nii.gz`));
      const { values } = trueValues(volume);
      const { mask: brain } = findBrainMask(values, volume.dims, volume.zooms);
      brains[name] = { values, brain, statistics: scanStatistics(sortedInside(values, brain)) };
    }
  }, 120_000);

  it('are told apart from another patient of the same kind, of light or heavy load', () => {
    expect(doubts(known('patient19/FLAIR').statistics, 'patient07/FLAIR')).toBe('');
    expect(doubts(known('patient07/FLAIR').statistics, 'patient19/FLAIR')).toBe('');
  });

  it('a T1 or a T2 given as FLAIR', () => {
    for (const name of ['patient07/T1', 'patient19/T1', 'patient07/T2'])
      for (const trained of [
        ['patient07/FLAIR'],
        ['patient19/FLAIR'],
        ['patient07/FLAIR', 'patient19/FLAIR'],
      ])
        expect(doubts(known(name).statistics, ...trained), name).toMatch(/another sequence/);
  });

  it('a scan with doubled contrast: about its mean, or by a factor', () => {
    for (const name of ['patient07/FLAIR', 'patient19/FLAIR']) {
      const { values, brain } = known(name);
      let [sum, count] = [0, 0];
      values.forEach((value, i) => {
        if (brain[i] === 0) return;
        sum += value;
        count += 1;
      });
      const about = values.map((value) => 2 * (value - sum / count) + sum / count);
      const trained = ['patient07/FLAIR', 'patient19/FLAIR'];
      expect(doubts(scanStatistics(sortedInside(about, brain)), ...trained), name).toMatch(
        /contrast is \d\.\d times/,
      );
      const twice = scanStatistics(
        sortedInside(
          values.map((value) => 2 * value),
          brain,
        ),
      );
      expect(doubts(twice, ...trained), name).toMatch(/values are \d\.\d times/);
    }
  });

  it('a head that was not skull-stripped', async () => {
    const head = await readVolumeFile(join(data as string, 'raw', 'patient20_FLAIR.nii.gz'));
    expect(prepareVolume(head).warnings.join(' ')).toMatch(/not skull-stripped/);
  }, 60_000);
});
