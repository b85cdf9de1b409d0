import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ExpectedError } from '../../../../shared/failure';
import { bareLabel, derivedStem, parseBidsName, type BidsName } from '../../../../shared/cohort/bidsName';
import type { BatchItem, ItemNames } from './items';

/** Which scans of a BIDS data set are wanted. Empty or absent lists take all. */
export interface BidsQuery {
  readonly participants?: readonly string[] | undefined;
  readonly sessions?: readonly string[] | undefined;
  /** FLAIR unless given. */
  readonly suffix?: string | undefined;
  /** Further entities, e.g. acq -> 3d. */
  readonly entities?: ReadonlyMap<string, string> | undefined;
}

/**
 * The anatomical scans of a BIDS data set that have the suffix and the entities asked for, in the order of their names.
 * @param scoreDesc what the score is called in its name: iro, or robustz
 * @throws ExpectedError file-missing where it is no BIDS data set or a participant is not in it, empty-set
 */
export async function bidsItems(root: string, query: BidsQuery, scoreDesc: string): Promise<BatchItem[]> {
  const { suffix = 'FLAIR' } = query;
  const there = await folders(root, 'sub');
  if (there.length === 0) {
    throw new ExpectedError(
      'file-missing',
      `${basename(resolve(root))} holds no folder sub-...: name the root of a BIDS data set.`,
    );
  }
  const wanted = (query.participants ?? []).map((label) => bareLabel(label, 'sub'));
  const absent = wanted.filter((label) => !there.includes(label));
  if (absent.length > 0) {
    throw new ExpectedError(
      'file-missing',
      `The data set has no participant ${absent.join(', ')}; it has ${there.slice(0, 5).join(', ')}${there.length > 5 ? ` and ${there.length - 5} more` : ''}.`,
    );
  }
  const sessions = (query.sessions ?? []).map((label) => bareLabel(label, 'ses'));
  const items: BatchItem[] = [];
  for (const subject of there.filter((label) => wanted.length === 0 || wanted.includes(label))) {
    const own = `sub-${subject}`;
    const places = [
      ...(sessions.length === 0 ? [own] : []),
      ...(await folders(join(root, own), 'ses'))
        .filter((label) => sessions.length === 0 || sessions.includes(label))
        .map((label) => `${own}/ses-${label}`),
    ];
    for (const place of places) {
      const names = await readdir(join(root, place, 'anat')).catch(() => [] as string[]);
      for (const name of names.sort()) {
        const parsed = parseBidsName(name);
        if (parsed && isWanted(parsed, subject, suffix, query.entities))
          items.push(itemOf(root, place, name, parsed, scoreDesc));
      }
    }
  }
  if (items.length === 0) {
    throw new ExpectedError(
      'empty-set',
      `No ${suffix} scan of these participants was found (sub-*/[ses-*/]anat/*_${suffix}.nii.gz): choose another --suffix, or fewer entities.`,
    );
  }
  return items;
}

async function folders(at: string, key: 'sub' | 'ses'): Promise<string[]> {
  const entries = await readdir(at, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && new RegExp(`^${key}-[A-Za-z0-9+]+$`).test(entry.name))
    .map((entry) => bareLabel(entry.name, key))
    .sort();
}

function isWanted(
  name: BidsName,
  subject: string,
  suffix: string,
  entities: ReadonlyMap<string, string> = new Map(),
): boolean {
  return (
    name.suffix === suffix &&
    /^\.nii(\.gz)?$/.test(name.extension) &&
    name.entities.get('sub') === subject &&
    [...entities].every(([key, value]) => name.entities.get(key) === value)
  );
}

function itemOf(root: string, place: string, file: string, name: BidsName, scoreDesc: string): BatchItem {
  const stem = (derived: { label?: string; desc?: string }): string =>
    `${place}/anat/${derivedStem(name, { space: 'orig', ...derived })}`;
  const id = `${derivedStem(name, {})}${name.suffix}`;
  const mask = `${stem({ label: 'lesion' })}mask`;
  const score = `${stem({ desc: scoreDesc })}${name.suffix}`;
  const spread = `${stem({ desc: 'spread' })}${name.suffix}`;
  const lesions = `${stem({ desc: 'lesions' })}dseg`;
  const names: ItemNames = {
    mask: `${mask}.nii.gz`,
    maskSidecar: `${mask}.json`,
    score: `${score}.nii.gz`,
    scoreSidecar: `${score}.json`,
    spread: `${spread}.nii.gz`,
    spreadSidecar: `${spread}.json`,
    labels: `${lesions}.nii.gz`,
    lesions: `${lesions}.tsv`,
    lesionsSidecar: `${lesions}.json`,
    page: `reports/${id}.html`,
  };
  return {
    id,
    subject: name.entities.get('sub') as string,
    session: name.entities.get('ses') ?? null,
    source: resolve(root, place, 'anat', file),
    brainMask: null,
    sourceName: `bids:raw:${place}/anat/${file}`,
    names,
  };
}
