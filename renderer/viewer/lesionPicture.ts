import type { VoxelPoint } from '../../shared/geometry/points';
import { DIFFERENCE_COLOURS } from '../../shared/lesions/difference';
import { contourSegments } from './contour';
import type { GreyWindow, ScanVolume } from './scanVolume';
import { copySlice, voxelToPixel, type SliceLayout } from './slicePlane';

/** Width of a picture in a report; its height follows from the voxels' size. */
const widthPx = 320;

/**
 * A picture of the slice through a voxel with the mask's outline, as a PNG data URL.
 * @param baseline the plain threshold's mask, outlined in its own colour below the mask; null for none
 */
export async function lesionPicture(
  scan: ScanVolume,
  mask: Uint8Array,
  layout: SliceLayout,
  window: GreyWindow,
  voxel: VoxelPoint,
  baseline: Uint8Array | null = null,
): Promise<string> {
  const { columns, rows, columnMm, rowMm } = layout;
  const k = Math.round(voxelToPixel(layout, voxel)[0]);
  const pixels = copySlice(scan.pixels, layout, k, new Int16Array(columns * rows));
  const grey = new OffscreenCanvas(columns, rows);
  const image = new ImageData(columns, rows);
  const low = window.centre - window.width / 2;
  for (let i = 0; i < pixels.length; i += 1) {
    const value = (pixels[i] as number) * scan.slope + scan.intercept;
    image.data.fill(Math.round((255 * (value - low)) / Math.max(window.width, 1e-6)), 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  }
  grey.getContext('2d')?.putImageData(image, 0, 0);

  const [scaleX, scaleY] = [widthPx / columns, (widthPx / columns) * (rowMm / columnMm)];
  const picture = new OffscreenCanvas(widthPx, Math.round(rows * scaleY));
  const context = picture.getContext('2d');
  if (!context) throw new Error('no picture can be drawn');
  context.drawImage(grey, 0, 0, picture.width, picture.height);
  context.lineWidth = 1.25;
  for (const [voxels, colour] of [
    [baseline, DIFFERENCE_COLOURS.baseline],
    [mask, DIFFERENCE_COLOURS.network],
  ] as const) {
    if (!voxels) continue;
    const slice = copySlice(voxels, layout, k, new Uint8Array(columns * rows));
    const segments = contourSegments(slice, columns, rows);
    context.beginPath();
    for (let i = 0; i < segments.length; i += 4) {
      context.moveTo((segments[i] as number) * scaleX, (segments[i + 1] as number) * scaleY);
      context.lineTo((segments[i + 2] as number) * scaleX, (segments[i + 3] as number) * scaleY);
    }
    context.strokeStyle = `rgb(${colour.join(' ')})`;
    context.stroke();
  }
  return dataUrl(await picture.convertToBlob({ type: 'image/png' }));
}

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(new Error('the picture cannot be read back'));
    reader.readAsDataURL(blob);
  });
}
