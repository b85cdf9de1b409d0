import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { ExpectedError } from '../../../../shared/failure';
import type { Contrast, OfContrasts } from '../../../../shared/imaging/contrasts';
import type { SetScan } from '../prepareSets';

/** A folder with a scan of somebody with MS and an expert's mask of the lesions. */
export interface Patient {
  readonly name: string;
  readonly role: 'train' | 'test';
  readonly flair: string;
  readonly lesions: string;
  /** Its other contrasts, as far as they are used. */
  readonly contrasts: OfContrasts<string>;
}

/** The name that a patient's files have, whichever it is. */
const ENDINGS = ['.nii.gz', '.nii'] as const;

/**
 * The patients of some folders.
 * @throws ExpectedError file-missing that names the folder and what it lacks; settings-invalid for a folder that is both
 */
export function findPatients(
  train: readonly string[],
  test: readonly string[],
  contrasts: readonly Contrast[],
): Patient[] {
  const folders = [
    ...train.map((folder) => ({ folder: resolve(folder), role: 'train' as const })),
    ...test.map((folder) => ({ folder: resolve(folder), role: 'test' as const })),
  ];
  const twice = folders.find(({ folder }, i) => folders.findIndex((other) => other.folder === folder) !== i);
  if (twice) {
    throw new ExpectedError(
      'settings-invalid',
      `${basename(twice.folder)} is named twice: a patient is either trained on (--train) or held out (--test).`,
    );
  }
  // Folders of the same name lie in different places: they keep as much of their path as tells them apart.
  const isShared = (name: string): boolean =>
    folders.filter(({ folder }) => basename(folder) === name).length > 1;
  return folders.map(({ folder, role }) => ({
    name: isShared(basename(folder)) ? folder : basename(folder),
    role,
    flair: fileOf(folder, 'FLAIR'),
    lesions: fileOf(folder, 'lesions'),
    contrasts: Object.fromEntries(contrasts.map((contrast) => [contrast, fileOf(folder, contrast)])),
  }));
}

function fileOf(folder: string, name: string): string {
  const found = ENDINGS.map((ending) => join(folder, name + ending)).find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new ExpectedError(
    'file-missing',
    `${basename(folder)} has no ${name}.nii.gz: give the folder of a patient, with FLAIR.nii.gz, the expert's lesions.nii.gz, and T1.nii.gz and T2.nii.gz where they are used, all on one grid.`,
    folder,
  );
}

/** The slices of a patient that the expert's mask leaves (nearly) empty. */
export function healthyPart(patient: Patient, mostMm2: number): SetScan {
  return { ...wholeScan(patient), healthyWhere: { mask: patient.lesions, mostMm2 } };
}

/** All slices of a patient. */
export function wholeScan({ flair, contrasts }: Patient): SetScan {
  return { path: flair, slices: null, contrasts };
}
