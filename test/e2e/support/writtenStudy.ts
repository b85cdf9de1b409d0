import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { affineZooms, orientationCodes } from '../../../shared/geometry/affine';
import { planeOrientation } from '../../../shared/geometry/sliceGrid';
import { defaultPreparation } from '../../../shared/imaging/preparation';
import { studyVersion, type PathRef, type ScanOf, type StudyFile } from '../../../shared/study/studyFile';
import { niftiBytes } from '../../../shared/volume/nifti';
import { npyBytes } from '../../../shared/volume/npy';
import type { Affine, Dims, Triple } from '../../../shared/volume/volume';

/** A scan of a written study, and a map of I_ro on its grid, x fastest. */
export interface WrittenScan {
  /** A file that is there, or voxels that are written into the study under this name. */
  readonly name: string;
  readonly path?: string;
  readonly voxels?: Int16Array;
  readonly dims: Dims;
  readonly affine: Affine;
  readonly iro?: Float32Array;
  readonly threshold?: number;
  /** A file with the true lesions. */
  readonly truth?: string;
}

const bins = 100;

/**
 * Writes a study as the program itself keeps one, with results that no training has made: what is shown is known to the
 * last voxel, and there is no training to wait for. It becomes the study that is open last in a profile.
 * @param folder of the program's profile, as Desk.open takes it
 */
export function writeStudy(folder: string, name: string, scans: readonly WrittenScan[]): string {
  const study = path.join(folder, 'profile', 'studies', 'written');
  mkdirSync(study, { recursive: true });
  const device = { backend: 'wasm' as const, label: 'none', version: '', whyNotFaster: '' };
  const file: StudyFile = {
    format: 'asc-net-study',
    version: studyVersion,
    savedAt: new Date().toISOString(),
    study: {
      name,
      preparation: defaultPreparation,
      selected: 0,
      earlier: [],
      run: {
        run: ref('.'),
        device,
        cycles: 1,
        stoppedEarly: false,
        ended: 'cycles',
        durationMs: 1,
        fullTrainingMs: 1,
      },
      scans: scans.map((scan, i) => writeScan(study, scan, i, device)),
    },
  };
  writeFileSync(path.join(study, 'study.json'), JSON.stringify(file));
  writeFileSync(path.join(folder, 'profile', 'last-study.json'), JSON.stringify({ folder: study }));
  return study;
}

function ref(to: string, name?: string): PathRef {
  return { path: to, sizeBytes: 1, ...(name === undefined ? {} : { name }) };
}

function writeScan(
  study: string,
  scan: WrittenScan,
  number: number,
  device: NonNullable<ScanOf<PathRef>['segmentation']>['device'],
): ScanOf<PathRef> {
  const { dims, affine } = scan;
  const zooms = affineZooms(affine);
  const grid = planeOrientation({ dims, zooms, affine });
  if (scan.voxels) {
    const like = { dims, affine, zooms, header: null };
    writeFileSync(
      path.join(study, scan.name),
      niftiBytes({ dims, data: scan.voxels, like, description: '' }),
    );
  }
  const at = scan.path === undefined ? scan.name : path.relative(study, scan.path).split(path.sep).join('/');
  const sliceCount = dims[grid.axes[2] as 0 | 1 | 2];
  return {
    file: ref(at, scan.name),
    facts: {
      dims: [...dims] as [number, number, number],
      zooms: [...zooms] as [number, number, number],
      orientation: orientationCodes(affine),
      plane: grid.plane,
      sliceCount,
      head: null,
      warnings: [],
    },
    isInput: true,
    reference: [],
    truth: scan.truth === undefined ? null : ref(path.relative(study, scan.truth).split(path.sep).join('/')),
    brain: null,
    contrasts: {},
    cursor: null,
    segmentation: scan.iro ? writeResult(study, scan, scan.iro, number, sliceCount, device) : null,
    masks: [],
    shownMask: null,
    decisions: [],
    state: 'not started',
    declared: null,
    declaredOn: null,
    slices: { done: [], flagged: [] },
    lesionMm3: null,
    thumbnail: null,
  };
}

function writeResult(
  study: string,
  { dims, threshold = 0.5 }: WrittenScan,
  iro: Float32Array,
  number: number,
  sliceCount: number,
  device: NonNullable<ScanOf<PathRef>['segmentation']>['device'],
): ScanOf<PathRef>['segmentation'] {
  const shape: Triple = [dims[2], dims[1], dims[0]];
  writeFileSync(path.join(study, `iro${number}.npy`), npyBytes([...shape], iro));
  writeFileSync(
    path.join(study, `slices${number}.npy`),
    npyBytes([sliceCount, 16, 16], new Float32Array(sliceCount * 256)),
  );
  const counts = new Array<number>(bins).fill(0);
  for (const value of iro) {
    const bin = Math.min(bins - 1, Math.floor(value * bins));
    if (value > 0) counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const slices = ref(`slices${number}.npy`);
  return {
    threshold,
    minVoxels: 10,
    connectivity: 26,
    erosionVoxels: 0,
    maps: null,
    findings: null,
    iroVolume: ref(`iro${number}.npy`),
    slices: { input: slices, ifc: slices, iwc: slices, iro: slices },
    grid: null,
    modelSha256: null,
    histogram: { counts, threshold, reason: 'Written by a test.' },
    device,
  };
}
