import { scanOfMask } from './matchMasks';

/** What is taken out of a folder, each by a pattern of its name; an empty pattern takes nothing. */
export interface ImportPatterns {
  readonly scans: string;
  /** Lesion masks that the masks of the scans are compared with. */
  readonly truths: string;
  readonly brains: string;
  /** Scans of other contrasts, on the grids of the scans. */
  readonly t1s: string;
  readonly t2s: string;
}

/** Places in the list of files. */
export interface ImportedScan {
  readonly scan: number;
  readonly truth: number | null;
  readonly brain: number | null;
  readonly T1: number | null;
  readonly T2: number | null;
}

export interface ImportPlan {
  readonly scans: readonly ImportedScan[];
  /** Masks and other contrasts that belong to no scan that is taken, or to one that has such a file already. */
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
 * Which files are scans, and which masks and other contrasts go with each: those belong to the one scan of their folder;
 * where there are more, or none, to the scan whose name stands in their own.
 * @param files folders and name of each, parted by "/"
 */
export function planImport(files: readonly string[], patterns: ImportPatterns): ImportPlan {
  const of = (pattern: string): number[] => files.flatMap((file, i) => (matches(pattern, file) ? [i] : []));
  const beside = besideScan.map(({ kind, pattern }) => ({ kind, places: of(patterns[pattern]) }));
  // A scan may be meant by more than one pattern: "*t2*" by that of the FLAIR called t2_flair.
  const masks = new Set(beside.filter(({ kind }) => isMask(kind)).flatMap(({ places }) => places));
  const scans = of(patterns.scans).filter((i) => !masks.has(i));
  const taken = besideScan.map(() => new Map<number, number>());
  const unmatched: number[] = [];
  for (const [k, { kind, places }] of beside.entries()) {
    const others = isMask(kind) ? places : places.filter((i) => !masks.has(i) && !scans.includes(i));
    for (const file of others) {
      const scan = scanFor(files, file, scans);
      if (scan === null || taken[k]?.has(scan)) unmatched.push(file);
      else taken[k]?.set(scan, file);
    }
  }
  return {
    scans: scans.map((scan) => ({
      scan,
      ...(Object.fromEntries(besideScan.map(({ kind }, k) => [kind, taken[k]?.get(scan) ?? null])) as Omit<
        ImportedScan,
        'scan'
      >),
    })),
    unmatched: [...new Set(unmatched)],
  };
}

/** What a file beside a scan is, and the pattern that finds it. */
const besideScan = [
  { kind: 'truth', pattern: 'truths' },
  { kind: 'brain', pattern: 'brains' },
  { kind: 'T1', pattern: 't1s' },
  { kind: 'T2', pattern: 't2s' },
] as const;

function isMask(kind: (typeof besideScan)[number]['kind']): boolean {
  return kind === 'truth' || kind === 'brain';
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
    ...(any('*flair*')
      ? { t1s: first('t1.nii*', '*t1w*', '*_t1.*'), t2s: first('t2.nii*', '*t2w*', '*_t2.*') }
      : { t1s: '', t2s: '' }),
  };
}
