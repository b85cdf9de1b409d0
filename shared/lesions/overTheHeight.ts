/**
 * At most so many of some slices, spread over the height of a stack: for evenly spaced levels from its lowest to its highest
 * slice the nearest candidates, each once.
 * @param candidates numbers of slices, such as those that are healthy
 * @param stack numbers of all slices that count, in order
 * @returns in order
 */
export function overTheHeight(
  candidates: readonly number[],
  stack: readonly number[],
  count: number,
): number[] {
  const [low, high] = [stack[0] ?? 0, stack[stack.length - 1] ?? 0];
  const left = new Set(candidates);
  const chosen: number[] = [];
  for (let k = 0; k < count && left.size > 0; k += 1) {
    const level = low + ((k + 0.5) / count) * (high - low);
    const nearest = [...left].reduce((a, b) => (Math.abs(b - level) < Math.abs(a - level) ? b : a));
    left.delete(nearest);
    chosen.push(nearest);
  }
  return chosen.sort((a, b) => a - b);
}
