/** Pixels of the screen left free around the point, so that the cross does not hide it. */
const gapPx = 14;

/**
 * Draws a cross through a point of the image, over the whole viewport.
 *
 * @param at pixel position with whole numbers at pixel centres.
 * @param toPixels sets the context to the image's pixel coordinates.
 */
export function drawCrosshair(
  context: CanvasRenderingContext2D,
  at: { readonly column: number; readonly row: number },
  toPixels: () => void,
): void {
  context.save();
  toPixels();
  const { x, y } = context.getTransform().transformPoint({ x: at.column + 0.5, y: at.row + 0.5 });
  const { width, height } = context.canvas;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.beginPath();
  const [px, py] = [Math.round(x) + 0.5, Math.round(y) + 0.5];
  for (const [x0, y0, x1, y1] of [
    [0, py, px - gapPx, py],
    [px + gapPx, py, width, py],
    [px, 0, px, py - gapPx],
    [px, py + gapPx, px, height],
  ] as const) {
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
  }
  context.lineWidth = 1;
  context.strokeStyle = 'rgb(46 196 182 / 70%)';
  context.stroke();
  context.restore();
}
