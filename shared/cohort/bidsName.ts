/** A file name of the Brain Imaging Data Structure (BIDS): sub-01_ses-a_run-1_FLAIR.nii.gz. */
export interface BidsName {
  /** Entities in the order of the name: sub -> 01, ses -> a, run -> 1. */
  readonly entities: ReadonlyMap<string, string>;
  readonly suffix: string;
  /** With its dot: ".nii.gz". */
  readonly extension: string;
}

/** What a file name says, or null where it is no BIDS name of a subject. */
export function parseBidsName(fileName: string): BidsName | null {
  const match = /^((?:[a-z]+-[A-Za-z0-9+]+_)+)([A-Za-z0-9]+)(\.[a-z.]+)$/.exec(fileName);
  if (!match) return null;
  const pairs = (match[1] as string)
    .slice(0, -1)
    .split('_')
    .map((pair) => pair.split('-') as [string, string]);
  const entities = new Map(pairs);
  if (pairs[0]?.[0] !== 'sub' || entities.size !== pairs.length) return null;
  return { entities, suffix: match[2] as string, extension: match[3] as string };
}

/** Entities of derivatives, which stand behind those of the source, in the order of the specification. */
export interface Derived {
  readonly space?: string;
  readonly label?: string;
  readonly desc?: string;
}

/** The name's beginning, up to the suffix: "sub-01_ses-a_space-orig_label-lesion_". */
export function derivedStem(source: Pick<BidsName, 'entities'>, derived: Derived): string {
  // What the source says itself about them no longer holds.
  const own = [...source.entities].filter(([key]) => !['space', 'label', 'desc'].includes(key));
  const more = (['space', 'label', 'desc'] as const).flatMap((key) =>
    derived[key] === undefined ? [] : [[key, derived[key]] as const],
  );
  return [...own, ...more].map(([key, value]) => `${key}-${value}_`).join('');
}

/** What `--participant-label` and the like take: with or without "sub-". */
export function bareLabel(text: string, key: 'sub' | 'ses'): string {
  return text.startsWith(`${key}-`) ? text.slice(key.length + 1) : text;
}
