import { contourSegments } from './contour';

export interface OverlayStyle {
  readonly kind: 'outline' | 'fill';
  /** Red, green, blue, each 0..255. */
  readonly colour: readonly [number, number, number];
  /** Of the fill, 0..1; an outline is opaque. */
  readonly opacity: number;
}

/**
 * One mask over a slice. It is drawn after cornerstone has drawn the image, in the image's own pixels: an outline of
 * constant width along the pixels' edges, or a fill that is never smoothed. (Cornerstone's own layers draw fills only,
 * draw opacity 0 as opaque, and keep an edited mask's old pixels.)
 */
export class MaskOverlay {
  #mask: Uint8Array | null = null;
  #columns = 0;
  #rows = 0;
  #segments: number[] | null = null;
  #fill: OffscreenCanvas | null = null;
  #style: OverlayStyle;

  constructor(style: OverlayStyle) {
    this.#style = style;
  }

  setStyle(style: OverlayStyle): void {
    this.#style = style;
    this.#fill = null;
  }

  /** @param mask rows x columns; null for none. Not copied: hand over another array when it changes. */
  setMask(mask: Uint8Array | null, columns: number, rows: number): void {
    this.#mask = mask;
    this.#columns = columns;
    this.#rows = rows;
    this.#segments = null;
    this.#fill = null;
  }

  /** @param toPixels sets the context to the image's pixel coordinates. */
  draw(context: CanvasRenderingContext2D, toPixels: () => void): void {
    if (!this.#mask) return;
    context.save();
    if (this.#style.kind === 'fill') this.#drawFill(context, this.#mask, toPixels);
    else this.#drawOutline(context, this.#mask, toPixels);
    context.restore();
  }

  #drawFill(context: CanvasRenderingContext2D, mask: Uint8Array, toPixels: () => void): void {
    this.#fill ??= paintMask(mask, this.#columns, this.#rows, this.#style.colour);
    toPixels();
    context.globalAlpha = this.#style.opacity;
    context.imageSmoothingEnabled = false;
    context.drawImage(this.#fill, 0, 0);
  }

  #drawOutline(context: CanvasRenderingContext2D, mask: Uint8Array, toPixels: () => void): void {
    this.#segments ??= contourSegments(mask, this.#columns, this.#rows);
    const segments = this.#segments;
    toPixels();
    context.beginPath();
    for (let i = 0; i < segments.length; i += 4) {
      context.moveTo(segments[i] as number, segments[i + 1] as number);
      context.lineTo(segments[i + 2] as number, segments[i + 3] as number);
    }
    // The path keeps its place; only the pen is no longer stretched by the zoom.
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.lineWidth = 1.75;
    context.lineCap = 'square';
    context.strokeStyle = `rgb(${this.#style.colour.join(' ')})`;
    context.stroke();
  }
}

function paintMask(
  mask: Uint8Array,
  columns: number,
  rows: number,
  [red, green, blue]: OverlayStyle['colour'],
): OffscreenCanvas {
  const canvas = new OffscreenCanvas(columns, rows);
  const image = new ImageData(columns, rows);
  for (let i = 0; i < mask.length; i += 1) {
    if (mask[i] !== 0) image.data.set([red, green, blue, 255], i * 4);
  }
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas;
}
