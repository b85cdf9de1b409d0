import type { SetIndex } from './prepareSets';

/** A slice of a scan that the reader wants to see after each cycle. */
export interface WatchedSlice {
  readonly path: string;
  /** Number in the scan's slice grid. */
  readonly slice: number;
  readonly label: string;
}

/** A row of the input set that a picture is made of. */
export interface WatchedRow {
  readonly row: number;
  readonly label: string;
}

/**
 * The rows of the input set that hold the wanted slices. A slice that is not in the set (it shows no brain, or its scan is
 * no input) is passed over.
 * @param paths of the reference and the input scans, in the order in which the sets were prepared of them
 */
export function watchedRows(
  index: Pick<SetIndex, 'input'>,
  paths: readonly string[],
  wanted: readonly WatchedSlice[],
): WatchedRow[] {
  const numbers = [...new Set(paths)];
  return wanted.flatMap(({ path, slice, label }) => {
    const volume = numbers.indexOf(path);
    const row = index.input.findIndex((entry) => entry.volume === volume && entry.slice === slice);
    return row < 0 ? [] : [{ row, label }];
  });
}
