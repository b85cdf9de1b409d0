/**
 * What files are called so that no two have one name: their own names, and where several share one, with as many of the
 * folders above as tell them apart: "patient07_FLAIR.nii.gz" and "patient19_FLAIR.nii.gz".
 *
 * @param paths each as its folders and its name, e.g. ["data", "patient07", "FLAIR.nii.gz"]
 * @param taken names that are not to be had
 * @returns the names, in order
 */
export function distinctNames(
  paths: readonly (readonly string[])[],
  taken: ReadonlySet<string> = new Set(),
): string[] {
  const alike = new Map<string, number[]>();
  paths.forEach((path, i) => {
    const own = path.at(-1) ?? '';
    alike.set(own, [...(alike.get(own) ?? []), i]);
  });
  const names = paths.map((path) => path.at(-1) ?? '');
  const used = new Set(taken);
  for (const places of alike.values()) {
    const deepest = Math.max(...places.map((i) => (paths[i] as readonly string[]).length));
    const at = (depth: number): string[] =>
      places.map((i) => (paths[i] as readonly string[]).slice(-depth).join('_'));
    const free = (wanted: readonly string[]): boolean =>
      new Set(wanted).size === wanted.length && wanted.every((name) => !used.has(name));
    let depth = 1;
    while (depth < deepest && !free(at(depth))) depth += 1;
    at(depth).forEach((name, j) => {
      let own = name;
      for (let number = 2; used.has(own); number += 1) own = `${number}_${name}`;
      used.add(own);
      names[places[j] as number] = own;
    });
  }
  return names;
}

/** How many of the last parts of two paths are the same. */
function sharedTail(a: readonly string[], b: readonly string[]): number {
  let shared = 0;
  while (shared < Math.min(a.length, b.length) && a.at(-1 - shared) === b.at(-1 - shared)) shared += 1;
  return shared;
}

/** A file that may be the one that is looked for. */
export interface FoundFile {
  /** Folders and name. */
  readonly parts: readonly string[];
  readonly sizeBytes: number;
}

/**
 * Which of the files found is a missing one: it has its name, its size where any has that, and its folders as far up as
 * possible. Null where two are as likely: the scan of another patient is worse than none.
 * @returns place in `found`
 */
export function sameFile(missing: FoundFile, found: readonly FoundFile[]): number | null {
  const named = found
    .map((file, i) => ({ file, i, tail: sharedTail(missing.parts, file.parts) }))
    .filter(({ tail }) => tail > 0);
  const sized = named.filter(({ file }) => file.sizeBytes === missing.sizeBytes);
  const likely = sized.length > 0 ? sized : named;
  const most = Math.max(0, ...likely.map(({ tail }) => tail));
  const best = likely.filter(({ tail }) => tail === most);
  return best.length === 1 ? (best[0]?.i ?? null) : null;
}
