/** A line between two pixels of the slice; whole numbers are pixel centres. */
export interface PixelLine {
  readonly from: { readonly column: number; readonly row: number };
  readonly to: { readonly column: number; readonly row: number };
}

/**
 * Draws a line over the image, with a dark rim so that it is seen on any grey.
 *
 * @param toPixels sets the context to the image's pixel coordinates.
 */
export function drawLine(
  context: CanvasRenderingContext2D,
  { from, to }: PixelLine,
  toPixels: () => void,
): void {
  context.save();
  toPixels();
  context.beginPath();
  context.moveTo(from.column + 0.5, from.row + 0.5);
  context.lineTo(to.column + 0.5, to.row + 0.5);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.lineCap = 'round';
  for (const [width, colour] of [
    [4, 'rgb(0 0 0 / 80%)'],
    [2, 'rgb(255 255 255)'],
  ] as const) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
  context.restore();
}
