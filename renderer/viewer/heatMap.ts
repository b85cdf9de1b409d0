import { interpolateInferno } from 'd3-scale-chromatic';

/** Steps of the colour table. */
const steps = 256;
let table: Uint8ClampedArray | null = null;

/** Red, green, blue of a share 0..1 in the inferno colour map, which is even to the eye and to colour-blind eyes. */
export function heatColour(share: number): [number, number, number] {
  // "#rrggbb"
  const colour = Number.parseInt(interpolateInferno(Math.min(1, Math.max(0, share))).slice(1), 16);
  return [colour >> 16, (colour >> 8) & 255, colour & 255];
}

function heatTable(): Uint8ClampedArray {
  if (table) return table;
  table = new Uint8ClampedArray(3 * steps);
  for (let i = 0; i < steps; i += 1) table.set(heatColour(i / (steps - 1)), 3 * i);
  return table;
}

/**
 * Paints values as colours, the whole range [low, high] from dark to bright. What is 0 was not judged by the network and
 * stays clear.
 *
 * @param out four bytes a value: red, green, blue, opacity.
 */
export function paintHeat(values: Float32Array, low: number, high: number, out: Uint8ClampedArray): void {
  const colours = heatTable();
  const scale = (steps - 1) / Math.max(high - low, 1e-6);
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number;
    if (value === 0) {
      out[4 * i + 3] = 0;
      continue;
    }
    const at = 3 * Math.round(Math.min(steps - 1, Math.max(0, (value - low) * scale)));
    out[4 * i] = colours[at] as number;
    out[4 * i + 1] = colours[at + 1] as number;
    out[4 * i + 2] = colours[at + 2] as number;
    out[4 * i + 3] = 255;
  }
}

/** The values of one slice as a heat map over it. */
export class HeatOverlay {
  #values: Float32Array | null = null;
  #columns = 0;
  #rows = 0;
  #range: readonly [number, number] = [0, 1];
  #opacity = 0.5;
  #picture: OffscreenCanvas | null = null;

  /** @param values rows x columns; null for none. Not copied. */
  setValues(values: Float32Array | null, columns: number, rows: number): void {
    this.#values = values;
    this.#columns = columns;
    this.#rows = rows;
    this.#picture = null;
  }

  setStyle(opacity: number, range: readonly [number, number]): void {
    this.#opacity = opacity;
    this.#range = range;
    this.#picture = null;
  }

  /** @param toPixels sets the context to the image's pixel coordinates. */
  draw(context: CanvasRenderingContext2D, toPixels: () => void): void {
    if (!this.#values) return;
    this.#picture ??= this.#paint(this.#values);
    context.save();
    toPixels();
    context.globalAlpha = this.#opacity;
    context.imageSmoothingEnabled = false;
    context.drawImage(this.#picture, 0, 0);
    context.restore();
  }

  #paint(values: Float32Array): OffscreenCanvas {
    const canvas = new OffscreenCanvas(this.#columns, this.#rows);
    const image = new ImageData(this.#columns, this.#rows);
    paintHeat(values, this.#range[0], this.#range[1], image.data);
    canvas.getContext('2d')?.putImageData(image, 0, 0);
    return canvas;
  }
}
