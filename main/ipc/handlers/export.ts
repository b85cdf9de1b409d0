import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { SaveDialogOptions } from 'electron';
import { ExpectedError } from '../../../shared/failure';
import { sliceGridSchema } from '../../../shared/geometry/sliceGrid';
import type { RequestOf } from '../../../shared/ipc/contract';
import { maskSidecar, sidecarName } from '../../../shared/volume/maskSidecar';
import { niftiBytes } from '../../../shared/volume/nifti';
import { voxelCount } from '../../../shared/volume/volume';
import { writeFileAtomic } from '../../files/atomicWrite';
import { sourceOf } from '../../files/imports';
import { outputNames, writeOutputs } from '../../files/outputs';
import { readVolumeFile } from '../../files/readVolume';
import { VERSION } from '../../version';
import { chosenTarget } from '../dialogs';
import type { Handlers } from '../router';
import type { Services } from '../services';

export function exportHandlers({
  tokens,
  window,
}: Services): Pick<Handlers, 'export:mask' | 'export:picture'> {
  return {
    'export:picture': async ({ name, png }) => {
      const options: SaveDialogOptions = {
        title: 'Save the picture',
        // eslint-disable-next-line no-control-regex
        defaultPath: `${name.replace(/[<>:"/\\|?*\u0000-\u001f]/g, '_')}.png`,
        properties: ['showOverwriteConfirmation', 'createDirectory'],
        filters: [{ name: 'PNG', extensions: ['png'] }],
      };
      const chosen = await chosenTarget(options, window());
      if (chosen === null) return { saved: null };
      const target = /\.png$/i.test(chosen) ? chosen : `${chosen}.png`;
      if (target !== chosen && existsSync(target)) {
        throw new ExpectedError(
          'file-exists',
          `${path.basename(target)} exists already: choose another name.`,
        );
      }
      await writeFileAtomic(target, png);
      return { saved: path.basename(target) };
    },
    'export:mask': async ({ scan, dims, mask, origin }) => {
      const source = tokens.pathOf(scan, 'file');
      // Made while the dialog is open; what goes wrong is said when it is needed.
      const bytes = maskFile(source, { dims, mask });
      bytes.catch(() => undefined);
      const chosen = await chosenTarget(saveOptions(source), window());
      if (chosen === null) return { saved: null };
      const target = maskTarget(chosen, source);
      const beside = path.join(path.dirname(target), sidecarName(path.basename(target)));
      // The dialog has asked about the mask alone; what lies beside a mask that may be replaced is its own.
      if (existsSync(beside) && !existsSync(target)) {
        throw new ExpectedError(
          'file-exists',
          `${path.basename(beside)} exists already, and the mask needs a file of this name beside it: choose another name.`,
        );
      }
      await writeOutputs(
        path.dirname(target),
        [
          [path.basename(target), await bytes],
          [path.basename(beside), await maskFacts(source, origin)],
        ],
        true,
      );
      return { saved: { name: path.basename(target), sizeBytes: (await stat(target)).size } };
    },
  };
}

function saveOptions(source: string): SaveDialogOptions {
  return {
    title: 'Export mask',
    defaultPath: path.join(path.dirname(source), maskName(path.basename(source))),
    properties: ['showOverwriteConfirmation', 'createDirectory'],
    filters: [
      { name: 'NIfTI, compressed', extensions: ['nii.gz'] },
      { name: 'NIfTI', extensions: ['nii'] },
    ],
  };
}

/** The name offered for a scan's mask: "scan_mask.nii.gz". */
export function maskName(scanName: string): string {
  return outputNames(scanName).mask;
}

/**
 * Where the mask goes: the chosen file, with .nii.gz added where the name says no format.
 * @throws ExpectedError file-exists where that would overwrite the scan, or a file that the dialog did not ask about.
 */
export function maskTarget(chosen: string, source: string): string {
  const target = /\.nii(\.gz)?$/i.test(chosen) ? chosen : `${chosen}.nii.gz`;
  if (path.resolve(target) === path.resolve(source)) {
    throw new ExpectedError('file-exists', 'That is the scan itself: choose another name for its mask.');
  }
  if (target !== chosen && existsSync(target)) {
    throw new ExpectedError('file-exists', `${path.basename(target)} exists already: choose another name.`);
  }
  return target;
}

/** The JSON beside a mask of a scan. */
export async function maskFacts(
  source: string,
  { threshold, score, modelSha256, grid, review }: RequestOf<'export:mask'>['origin'],
): Promise<string> {
  return maskSidecar({
    software: { name: 'ASC-Net', version: VERSION },
    sources: [await sourceOf(source)],
    threshold,
    score,
    modelSha256,
    grid: sliceGridSchema.nullable().catch(null).parse(grid),
    review,
  });
}

/** The bytes of a mask as NIfTI on its scan's grid, with the scan's header; every voxel that is not 0 becomes 1. */
export async function maskFile(
  source: string,
  { dims, mask }: Pick<RequestOf<'export:mask'>, 'dims' | 'mask'>,
): Promise<Uint8Array> {
  const scan = await readVolumeFile(source);
  const fits = dims.every((size, axis) => size === scan.dims[axis]) && mask.length === voxelCount(scan.dims);
  if (!fits) {
    throw new ExpectedError(
      'shape-mismatch',
      'The mask is not on the grid of its scan: the file may have changed since it was opened. Open it again.',
    );
  }
  const binary = mask.map((value) => (value === 0 ? 0 : 1));
  return niftiBytes({ dims: scan.dims, data: binary, like: scan, description: 'ASC-Net lesion mask' });
}
