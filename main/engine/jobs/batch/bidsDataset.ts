import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { ExpectedError } from '../../../../shared/failure';
import { writeFileAtomic } from '../../../files/atomicWrite';
import { VERSION } from '../../../version';
import { groupFiles } from './group';

const README = `Lesion masks of FLAIR scans made by ASC-Net, an unsupervised method. Research software, not a medical device: the
masks are proposals to be checked by a reader.

*_label-lesion_mask.nii.gz      1 in lesions
*_desc-lesions_dseg.nii.gz/.tsv the lesions one by one, with volumes and positions
*_desc-iro_*.nii.gz             what the network rebuilt of the scan (I_ro); with the intensity baseline: *_desc-robustz_*
*_desc-spread_*.nii.gz          how far I_ro strays over several predictions, where there were several
reports/, group.html            pages for quality control
scans.tsv, lesions.tsv          the whole cohort as tables
batch/, slurm/                  what was done from what, with failures
`;

/** What the validator has no names for. */
const IGNORED = ['/batch', '/slurm', '/reports', '/pairs', '/study.json', '/study.backup.json']
  .concat(Object.values(groupFiles).map((name) => `/${name}`))
  .join('\n');

/**
 * Makes a folder a BIDS-derivatives data set: dataset_description.json, README and .bidsignore. What is there stays.
 * @throws ExpectedError file-exists where the folder is a data set that another program made
 */
export async function ensureDerivatives(bidsDir: string, outDir: string): Promise<void> {
  const file = join(outDir, 'dataset_description.json');
  if (existsSync(file)) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.includes('"ASC-Net"')) return;
    throw new ExpectedError(
      'file-exists',
      'OUT_DIR is a data set that another program made: name a folder of its own, e.g. BIDS_DIR/derivatives/asc-net.',
    );
  }
  const raw = relative(resolve(outDir), resolve(bidsDir)).split(sep).join('/') || '.';
  const description = {
    Name: 'ASC-Net lesion masks',
    BIDSVersion: '1.10.0',
    DatasetType: 'derivative',
    GeneratedBy: [
      { Name: 'ASC-Net', Version: VERSION, Description: 'Unsupervised segmentation of MS lesions' },
    ],
    SourceDatasets: [{ URL: raw }],
    DatasetLinks: { raw },
  };
  await writeFileAtomic(join(outDir, 'README'), README);
  await writeFileAtomic(join(outDir, '.bidsignore'), `${IGNORED}\n`);
  await writeFileAtomic(file, `${JSON.stringify(description, null, 1)}\n`);
}
