import type { ScanVolume } from '../viewer/scanVolume';
import { copySlice } from '../viewer/slicePlane';

/** Longer side of a thumbnail. */
const sidePx = 48;

/** The slice that holds most head, a few hundred bytes as a data URL; null where no picture can be made. */
export async function thumbnail({
  pixels,
  layout,
  profile,
  slope,
  intercept,
  windows,
}: ScanVolume): Promise<string | null> {
  const { columns, rows, columnMm, rowMm } = layout;
  const slice = copySlice(pixels, layout, Math.max(0, profile.indexOf(1)), new Int16Array(columns * rows));
  const image = new ImageData(columns, rows);
  const { centre, width } = windows.auto;
  for (let i = 0; i < slice.length; i += 1) {
    const value = (slice[i] as number) * slope + intercept;
    image.data.fill(Math.round((255 * (value - centre + width / 2)) / width), 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  }
  const whole = new OffscreenCanvas(columns, rows);
  whole.getContext('2d')?.putImageData(image, 0, 0);
  const [widthMm, heightMm] = [columns * columnMm, rows * rowMm];
  const scale = sidePx / Math.max(widthMm, heightMm);
  const small = new OffscreenCanvas(
    Math.max(1, Math.round(widthMm * scale)),
    Math.max(1, Math.round(heightMm * scale)),
  );
  const context = small.getContext('2d');
  if (!context) return null;
  context.imageSmoothingQuality = 'high';
  context.drawImage(whole, 0, 0, small.width, small.height);
  const bytes = new Uint8Array(
    await (await small.convertToBlob({ type: 'image/webp', quality: 0.7 })).arrayBuffer(),
  );
  return `data:image/webp;base64,${btoa(String.fromCharCode(...bytes))}`;
}
