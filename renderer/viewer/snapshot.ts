import type { DisplayLetters } from '../../shared/geometry/sliceGrid';

/**
 * What a viewport shows, as a PNG with the letters of the sides at its borders and a line of words below the picture.
 * @throws Error where no picture can be made
 */
export async function snapshot(
  shown: HTMLCanvasElement,
  letters: DisplayLetters,
  caption: string,
): Promise<Uint8Array> {
  const { width, height } = shown;
  const captionPx = 28;
  const picture = new OffscreenCanvas(width, height + captionPx);
  const context = picture.getContext('2d');
  if (!context) throw new Error('no picture can be drawn');
  context.fillStyle = '#000';
  context.fillRect(0, 0, picture.width, picture.height);
  context.drawImage(shown, 0, 0);
  context.fillStyle = '#fff';
  context.font = '600 16px sans-serif';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.shadowColor = '#000';
  context.shadowBlur = 3;
  context.fillText(letters.left, 16, height / 2);
  context.fillText(letters.right, width - 16, height / 2);
  context.fillText(letters.top, width / 2, 16);
  context.fillText(letters.bottom, width / 2, height - 16);
  context.font = '13px sans-serif';
  context.textAlign = 'left';
  context.fillText(caption, 10, height + captionPx / 2, width - 20);
  return new Uint8Array(await (await picture.convertToBlob({ type: 'image/png' })).arrayBuffer());
}
