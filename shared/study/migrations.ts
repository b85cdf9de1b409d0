import { z } from 'zod';
import { ExpectedError } from '../failure';
import { studyFileSchema, studyVersion, type StudyFile } from './studyFile';

/** Each makes the next version's document of its own; the last one's result is checked against the schema. */
const migrations: Readonly<Record<number, (file: Record<string, unknown>) => Record<string, unknown>>> = {
  1: toVersion2,
  2: toVersion3,
  3: toVersion4,
};

const envelope = z.object({ format: z.literal('asc-net-study'), version: z.number().int().positive() });

/**
 * A study file of this version or an older one, as this version has it.
 * @throws ExpectedError study-damaged, with a sentence for the user
 */
export function readStudyFile(text: string): StudyFile {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw damaged((error as Error).message);
  }
  const head = envelope.safeParse(raw);
  if (!head.success) throw damaged(head.error.message);
  if (head.data.version > studyVersion) {
    throw new ExpectedError(
      'study-damaged',
      'This study was saved by a newer version of ASC-Net: update ASC-Net to open it.',
      `version ${head.data.version}`,
    );
  }
  let file = raw as Record<string, unknown>;
  for (let version = head.data.version; version < studyVersion; version += 1) {
    const next = migrations[version];
    if (!next) throw damaged(`no way from version ${version}`);
    try {
      file = next(file);
    } catch (error) {
      throw damaged((error as Error).message);
    }
  }
  const parsed = studyFileSchema.safeParse(file);
  if (!parsed.success) throw damaged(parsed.error.message);
  return parsed.data;
}

function damaged(detail: string): ExpectedError {
  return new ExpectedError(
    'study-damaged',
    'This study file is damaged and cannot be read: open the copy beside it (study.backup.json), or start a new study.',
    detail,
  );
}

const version1 = z.object({
  savedAt: z.string(),
  study: z.object({
    scans: z.array(z.looseObject({ reference: z.array(z.number().int().nonnegative()) })),
  }),
});

/** Version 1 listed the reference slices one by one, and knew neither edited masks nor decisions. */
function toVersion2(file: Record<string, unknown>): Record<string, unknown> {
  version1.parse(file);
  const study = file['study'] as { scans: Record<string, unknown>[] };
  return {
    ...file,
    version: 2,
    study: {
      ...study,
      scans: study.scans.map((scan) => ({
        ...scan,
        reference: rangesOf(scan['reference'] as number[]),
        masks: [],
        shownMask: null,
        decisions: [],
        state: 'not started',
      })),
    },
  };
}

const version2 = z.object({
  study: z.object({ scans: z.array(z.looseObject({ segmentation: z.unknown() })) }),
});

/** Version 2 knew no slices that were looked through, one rule for what a lesion is, and the newest run alone. */
function toVersion3(file: Record<string, unknown>): Record<string, unknown> {
  const { study } = version2.parse(file);
  const scans = study.scans.map((scan) => ({
    ...scan,
    segmentation:
      typeof scan.segmentation === 'object' && scan.segmentation !== null
        ? { ...scan.segmentation, minVoxels: 10, connectivity: 26 }
        : null,
    declared: null,
    slices: { done: [], flagged: [] },
    lesionMm3: null,
    thumbnail: null,
  }));
  return { ...file, version: 3, study: { ...(file['study'] as object), scans, earlier: [] } };
}

const version3 = z.object({
  study: z.object({ scans: z.array(z.looseObject({ decisions: z.array(z.looseObject({})) })) }),
});

/** Version 3 called each scan as its file is called, and did not know who had decided. */
function toVersion4(file: Record<string, unknown>): Record<string, unknown> {
  const { study } = version3.parse(file);
  const scans = study.scans.map((scan) => ({
    ...scan,
    decisions: scan.decisions.map((decision) => ({ ...decision, by: '' })),
    declaredOn: null,
  }));
  return { ...file, version: 4, study: { ...(file['study'] as object), scans } };
}

/** Numbers in order as first and last of each stretch without a gap. */
export function rangesOf(numbers: readonly number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last && number === last[1] + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges;
}

/** The numbers of such stretches, in order. */
export function numbersOf(ranges: readonly (readonly [number, number])[]): number[] {
  return ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
}
