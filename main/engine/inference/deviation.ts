/** Standard deviation of several predictions of the same pixels (of the population: divided by their number). */
export function deviation(predictions: readonly Float32Array[]): Float32Array {
  const count = predictions.length;
  return (predictions[0] as Float32Array).map((_, i) => {
    let sum = 0;
    for (const values of predictions) sum += values[i] as number;
    const mean = sum / count;
    let squares = 0;
    for (const values of predictions) squares += ((values[i] as number) - mean) ** 2;
    return Math.sqrt(squares / count);
  });
}
