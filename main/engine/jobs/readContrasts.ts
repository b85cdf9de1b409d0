import type { Contrast, OfContrasts } from '../../../shared/imaging/contrasts';
import type { Preparation } from '../../../shared/imaging/preparation';
import type { Volume } from '../../../shared/volume/volume';
import { readVolumeFile, type ReadVolumeOptions } from '../../files/readVolume';

/** The scans of the contrasts that a preparation names, as far as their files are given. @throws what reading throws */
export async function readContrasts(
  files: OfContrasts<string>,
  { contrasts }: Pick<Preparation, 'contrasts'>,
  options: ReadVolumeOptions,
): Promise<OfContrasts<Volume>> {
  const volumes: Partial<Record<Contrast, Volume>> = {};
  for (const name of contrasts) {
    const file = files[name];
    if (file !== undefined) volumes[name] = await readVolumeFile(file, options);
  }
  return volumes;
}
