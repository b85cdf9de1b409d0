import type { Triple } from '../../shared/volume/volume';

/** "6 min left", "40 s left", "less than 5 s left"; empty while unknown. */
export function formatRemaining(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return '';
  const seconds = Math.round(ms / 1000);
  if (seconds < 5) return 'a few seconds left';
  if (seconds < 90) return `${Math.ceil(seconds / 5) * 5} s left`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min left`;
  return `${(minutes / 60).toFixed(1)} h left`;
}

/** "40 s", "6 min", "1.5 h". */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

export function formatPercent(fraction: number): string {
  return `${Math.floor(100 * fraction)} %`;
}

/** "161 x 191 x 151". */
export function formatDims(dims: Triple): string {
  return dims.join(' x ');
}

/** "1 x 1 x 3" or "0.94 x 0.94 x 1.2", in mm; "1" where all three are alike. */
export function formatZooms(zooms: Triple): string {
  const words = zooms.map((zoom) => String(Number(zoom.toFixed(2))));
  return new Set(words).size === 1 ? (words[0] as string) : words.join(' x ');
}

/** Three significant digits at most: a voxel count earns no more. "412 mm3", "3.1 ml". */
export function formatVolume(mm3: number): string {
  if (mm3 >= 1000) return `${significant(mm3 / 1000, 3)} ml`;
  return `${mm3 >= 10 ? Math.round(mm3) : significant(mm3, 2)} mm\u00b3`;
}

/** A grey value with as many digits as it takes to tell neighbours apart. */
export function formatValue(value: number): string {
  return Number.isInteger(value) ? String(value) : significant(value, 4);
}

function significant(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits)));
}

/** "R 12.0 A -34.5 S 20.0 mm": from the middle towards the patient's right, front and top; RAS+. */
export function formatWorld(world: Triple): string {
  return `${formatPlace(world)} mm`;
}

/** The same without its unit, for a column that says it once. */
export function formatPlace(world: Triple): string {
  const [x, y, z] = world.map((value) => (Object.is(Math.round(value * 10), -0) ? 0 : value).toFixed(1));
  return `R ${x} A ${y} S ${z}`;
}

/** "1 slice", "3 slices". */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** Slices as ranges, from 1: "1-40, 45". At most `most` ranges, then how many more. */
export function formatRanges(slices: readonly number[], most = 4): string {
  const ranges: [number, number][] = [];
  for (const slice of slices) {
    const last = ranges.at(-1);
    if (last && slice === last[1] + 1) last[1] = slice;
    else ranges.push([slice, slice]);
  }
  const shown = ranges
    .slice(0, most)
    .map(([from, to]) => (from === to ? `${from + 1}` : `${from + 1}-${to + 1}`));
  const rest = ranges.length - shown.length;
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

/** When something was, in the reader's own way of writing it: only the time where it was today. */
export function formatMoment(iso: string, now = new Date()): string {
  const moment = new Date(iso);
  const time = moment.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  return moment.toDateString() === now.toDateString() ? time : `${moment.toLocaleDateString()} ${time}`;
}
