import { scanOfMask } from './matchMasks';

/** What is taken out of a folder, each by a pattern of its name; an empty pattern takes nothing. */
export interface ImportPatterns {
  readonly scans: string;
  /** Lesion masks that the masks of the scans are compared with. */
  readonly truths: string;
  readonly brains: string;
}

/** Places in the list of files. */
export interface ImportedScan {
  readonly scan: number;
  readonly truth: number | null;
  readonly brain: number | null;
}

export interface ImportPlan {
  readonly scans: readonly ImportedScan[];
  /** Masks that belong to no scan that is taken, or to one that has such a mask already. */
  readonly unmatched: readonly number[];
}

/**
 * Whether a file is meant by a pattern: "*" stands for anything within a name, "**" also for folders, "?" for one sign;
 * capitals do not count. A pattern without "/" is held against the file's own name, one with it against folders and name.
 * Several patterns are parted by spaces or ";".
 */
export function matches(pattern: string, file: string): boolean {
  const path = file.toLowerCase();
  const name = path.split('/').at(-1) ?? '';
  return pattern
    .toLowerCase()
    .split(/[\s;]+/)
    .filter((one) => one !== '')
    .some((one) => expressionOf(one).test(one.includes('/') ? path : name));
}

function expressionOf(pattern: string): RegExp {
  const words: Readonly<Record<string, string>> = { '**': '.*', '*': '[^/]*', '?': '[^/]' };
  const source = pattern.replaceAll(/\*\*|[*?]|[^*?]+/g, (part) => words[part] ?? escaped(part));
  return new RegExp(`^${source}$`);
}

function escaped(text: string): string {
  return text.replaceAll(/[$()+.[\\\]^{|}]/g, String.raw`\$&`);
}

/**
 * Which files are scans, and which masks go with each. A mask belongs to the one scan of its folder; where there are more,
 * or none, to the scan whose name stands in its own.
 * @param files folders and name of each, parted by "/"
 */
export function planImport(files: readonly string[], patterns: ImportPatterns): ImportPlan {
  const of = (pattern: string): number[] => files.flatMap((file, i) => (matches(pattern, file) ? [i] : []));
  const [truths, brains] = [of(patterns.truths), of(patterns.brains)];
  const masks = new Set([...truths, ...brains]);
  const scans = of(patterns.scans).filter((i) => !masks.has(i));
  const taken = { truth: new Map<number, number>(), brain: new Map<number, number>() };
  const unmatched: number[] = [];
  for (const [kind, places] of [
    ['truth', truths],
    ['brain', brains],
  ] as const) {
    for (const mask of places) {
      const scan = scanFor(files, mask, scans);
      if (scan === null || taken[kind].has(scan)) unmatched.push(mask);
      else taken[kind].set(scan, mask);
    }
  }
  return {
    scans: scans.map((scan) => ({
      scan,
      truth: taken.truth.get(scan) ?? null,
      brain: taken.brain.get(scan) ?? null,
    })),
    unmatched: [...new Set(unmatched)],
  };
}

function scanFor(files: readonly string[], mask: number, scans: readonly number[]): number | null {
  const folderOf = (i: number): string => (files[i] ?? '').split('/').slice(0, -1).join('/');
  const nameOf = (i: number): string => (files[i] ?? '').split('/').at(-1) ?? '';
  const beside = scans.filter((scan) => folderOf(scan) === folderOf(mask));
  if (beside.length === 1) return beside[0] ?? null;
  const among = beside.length > 0 ? beside : scans;
  const at = scanOfMask(nameOf(mask), among.map(nameOf));
  const found = at === null ? null : (among[at] ?? null);
  // One name for many scans tells nothing.
  const alike = among.filter((scan) => found !== null && nameOf(scan) === nameOf(found));
  return alike.length === 1 ? found : null;
}

/** Patterns to begin with: FLAIR where there is any, and the usual names of masks. */
export function likelyPatterns(files: readonly string[]): ImportPatterns {
  const any = (pattern: string): boolean => files.some((file) => matches(pattern, file));
  const first = (...patterns: string[]): string => patterns.find(any) ?? '';
  return {
    scans: first('*flair*') || '*',
    truths: first('*lesion*', '*consensus*', '*truth*', '*label-lesion*'),
    brains: first('*brain*mask*', '*brainmask*'),
  };
}
