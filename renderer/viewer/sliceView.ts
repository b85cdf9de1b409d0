import cornerstone, {
  type CornerstoneImage,
  type CornerstoneViewport,
  type RenderedDetail,
} from 'cornerstone-core';
import { slicePoint, type SlicePoint } from '../../shared/geometry/points';
import { DIFFERENCE_COLOURS } from '../../shared/lesions/difference';
import { BrushRing } from './brushRing';
import { drawCrosshair } from './crosshair';
import { drawLine, type PixelLine } from './cutLine';
import { HeatOverlay } from './heatMap';
import { MaskOverlay, type OverlayStyle } from './overlay';
import type { GreyWindow, ScanVolume } from './scanVolume';
import { SliceMouse } from './sliceMouse';
import { copySlice, type SliceLayout } from './slicePlane';

/** Whole numbers of a point are pixel centres. */
export interface SliceViewListener {
  /** The wheel asks for another slice. */
  onSlice(slice: number): void;
  /** The pointer is over a pixel, or over none. */
  onHover(point: SlicePoint | null): void;
  onWindow(window: GreyWindow): void;
  /** The left button was pressed on the picture, is dragged over it, and was let go. */
  onPress(point: SlicePoint): void;
  onDrag(point: SlicePoint): void;
  onRelease(): void;
  /** The wheel with shift: the tool's size. Returns whether the tool has one. */
  onSize(up: boolean): boolean;
}

/** Which mask an overlay shows. */
export type OverlayName = 'both' | 'truth' | 'baseline' | 'mask';

/** Mouse travel of this many pixels moves the window by the whole range of the scan. */
const windowTravelPx = 600;

/** One viewport: a slice of a scan with overlays, and the mouse on it. Knows nothing of the rest of the window. */
export class SliceView {
  readonly #element: HTMLElement;
  readonly #listener: SliceViewListener;
  readonly #masks: Readonly<Record<OverlayName, MaskOverlay>> = {
    both: new MaskOverlay({ kind: 'fill', colour: [255, 255, 255], opacity: 0.45 }),
    truth: new MaskOverlay({ kind: 'outline', colour: [77, 166, 255], opacity: 1 }),
    baseline: new MaskOverlay({ kind: 'outline', colour: DIFFERENCE_COLOURS.baseline, opacity: 1 }),
    mask: new MaskOverlay({ kind: 'outline', colour: [255, 159, 28], opacity: 1 }),
  };
  readonly #heat = new HeatOverlay();
  readonly #abort = new AbortController();
  readonly #resizer: ResizeObserver;
  readonly #mouse: SliceMouse;
  readonly #ring: BrushRing;
  #scan: ScanVolume | null = null;
  #layout: SliceLayout | null = null;
  #slice = 0;
  #window: GreyWindow = { centre: 0, width: 1 };
  #crosshair: { readonly column: number; readonly row: number } | null = null;
  #line: PixelLine | null = null;
  #brushMm: number | null = null;
  #pointer: { readonly pageX: number; readonly pageY: number } | null = null;
  /** Whether the reader has left the slice fitted to the viewport. */
  #fitted = true;
  #version = 0;

  constructor(element: HTMLElement, listener: SliceViewListener) {
    this.#element = element;
    this.#listener = listener;
    cornerstone.enable(element);
    const { signal } = this.#abort;
    element.addEventListener('cornerstoneimagerendered', (event) => this.#drawOverlays(event), { signal });
    this.#ring = new BrushRing(element);
    this.#mouse = new SliceMouse(
      element,
      {
        onWheel: (steps) => this.#step(steps),
        onModifiedWheel: (event, up) => event.shiftKey && listener.onSize(up),
        onMove: (event) => this.#hover(event),
        onLeave: () => this.#leave(),
        onPress: (event) => this.#tell(event, (point) => listener.onPress(point)),
        onDrag: (event) => this.#tell(event, (point) => listener.onDrag(point)),
        onRelease: () => listener.onRelease(),
        onWindowDrag: (dx, dy) => this.#dragWindow(dx, dy),
        changeViewport: (change) => this.#changeViewport(change),
      },
      signal,
    );
    this.#resizer = new ResizeObserver(() => this.#resize());
    this.#resizer.observe(element);
  }

  dispose(): void {
    this.#abort.abort();
    this.#resizer.disconnect();
    this.#ring.dispose();
    cornerstone.disable(this.#element);
  }

  /** Shows a scan in a layout of its voxels, fitted to the viewport. */
  setScan(scan: ScanVolume, layout: SliceLayout, slice: number, window: GreyWindow): void {
    this.#scan = scan;
    this.#layout = layout;
    this.#slice = slice;
    this.#window = window;
    this.#dropOverlays();
    this.#display();
    this.reset();
  }

  /** Shows another slice; the masks of the old one go away with it. */
  setSlice(slice: number): void {
    if (!this.#scan || slice === this.#slice) return;
    this.#slice = slice;
    this.#dropOverlays();
    this.#display();
  }

  setWindow(window: GreyWindow): void {
    this.#window = window;
    this.#setViewport((viewport) => {
      viewport.voi = this.#voi();
    });
  }

  /** @param mask of the slice that is shown: its rows x columns; null for none. */
  setMask(name: OverlayName, mask: Uint8Array | null): void {
    const { columns, rows } = this.#layout ?? { columns: 0, rows: 0 };
    this.#masks[name].setMask(mask, columns, rows);
    this.#redraw();
  }

  setMaskStyle(name: OverlayName, style: OverlayStyle): void {
    this.#masks[name].setStyle(style);
    this.#redraw();
  }

  /** @param values of the slice that is shown; null for none. @param range the values of the two ends of the colours. */
  setHeat(values: Float32Array | null, opacity = 0.5, range: readonly [number, number] = [0, 1]): void {
    const { columns, rows } = this.#layout ?? { columns: 0, rows: 0 };
    this.#heat.setStyle(opacity, range);
    this.#heat.setValues(values, columns, rows);
    this.#redraw();
  }

  /** @param at the pixel under the cross; null for none. */
  setCrosshair(at: { readonly column: number; readonly row: number } | null): void {
    const same = at?.column === this.#crosshair?.column && at?.row === this.#crosshair?.row;
    this.#crosshair = at;
    if (!same) this.#redraw();
  }

  /** @param line that is being drawn over the slice; null for none. */
  setLine(line: PixelLine | null): void {
    this.#line = line;
    this.#redraw();
  }

  /** What the viewport shows now, overlays and all; null before anything is shown. */
  canvas(): HTMLCanvasElement | null {
    return this.#scan ? this.#element.querySelector('canvas') : null;
  }

  /** @param radiusMm of the brush in hand; null for a tool without one. */
  setBrush(radiusMm: number | null): void {
    this.#brushMm = radiusMm;
    this.#drawRing();
  }

  /** Fits the slice to the viewport, centred. */
  reset(): void {
    this.#fitted = true;
    if (this.#scan && this.#hasSize()) cornerstone.fitToWindow(this.#element);
  }

  /** Zooms about the middle of the viewport. */
  zoom(factor: number): void {
    const box = this.#element.getBoundingClientRect();
    this.#mouse.zoomAt(
      factor,
      box.left + box.width / 2 + window.scrollX,
      box.top + box.height / 2 + window.scrollY,
    );
  }

  #dropOverlays(): void {
    for (const mask of Object.values(this.#masks)) mask.setMask(null, 0, 0);
    this.#heat.setValues(null, 0, 0);
  }

  #display(): void {
    if (!this.#scan || !this.#layout) return;
    const viewport = cornerstone.getViewport(this.#element);
    const image = this.#image(this.#scan, this.#layout);
    cornerstone.displayImage(this.#element, image, { ...viewport, voi: this.#voi() });
  }

  #image(scan: ScanVolume, layout: SliceLayout): CornerstoneImage {
    const { columns, rows, columnMm, rowMm } = layout;
    const pixels = copySlice(scan.pixels, layout, this.#slice, new Int16Array(columns * rows));
    const voi = this.#voi();
    this.#version += 1;
    return {
      // Cornerstone redraws by id: a new one each time leaves nothing to its cache.
      imageId: `slice:${this.#version}`,
      minPixelValue: scan.pixelRange[0],
      maxPixelValue: scan.pixelRange[1],
      slope: scan.slope,
      intercept: scan.intercept,
      windowCenter: voi.windowCenter,
      windowWidth: voi.windowWidth,
      getPixelData: () => pixels,
      rows,
      columns,
      height: rows,
      width: columns,
      color: false,
      rgba: false,
      columnPixelSpacing: columnMm,
      rowPixelSpacing: rowMm,
      invert: false,
      sizeInBytes: pixels.byteLength,
    };
  }

  /** Cornerstone divides by the width. */
  #voi(): { windowCenter: number; windowWidth: number } {
    return { windowCenter: this.#window.centre, windowWidth: Math.max(this.#window.width, 1e-6) };
  }

  #drawOverlays(event: Event): void {
    const { canvasContext, enabledElement } = (event as CustomEvent<RenderedDetail>).detail;
    const toPixels = (): void => cornerstone.setToPixelCoordinateSystem(enabledElement, canvasContext);
    this.#heat.draw(canvasContext, toPixels);
    this.#masks.both.draw(canvasContext, toPixels);
    this.#masks.truth.draw(canvasContext, toPixels);
    this.#masks.baseline.draw(canvasContext, toPixels);
    this.#masks.mask.draw(canvasContext, toPixels);
    if (this.#line) drawLine(canvasContext, this.#line, toPixels);
    if (this.#crosshair) drawCrosshair(canvasContext, this.#crosshair, toPixels);
  }

  #redraw(): void {
    if (this.#scan) cornerstone.updateImage(this.#element);
  }

  #setViewport(change: (viewport: CornerstoneViewport) => void): void {
    const viewport = this.#scan ? cornerstone.getViewport(this.#element) : undefined;
    if (!viewport) return;
    change(viewport);
    cornerstone.setViewport(this.#element, viewport);
  }

  /** A change of the reader's own: from here on a resize keeps it. */
  #changeViewport(change: (viewport: CornerstoneViewport) => void): void {
    this.#fitted = false;
    this.#setViewport(change);
    this.#drawRing();
  }

  #hasSize(): boolean {
    return this.#element.clientWidth > 0 && this.#element.clientHeight > 0;
  }

  #resize(): void {
    if (this.#hasSize()) cornerstone.resize(this.#element, this.#fitted);
  }

  #step(steps: number): void {
    if (!this.#layout) return;
    const wanted = Math.min(this.#layout.count - 1, Math.max(0, this.#slice + steps));
    if (wanted !== this.#slice) this.#listener.onSlice(wanted);
  }

  /** Right widens the window, down darkens (raises its centre), as in other readers' programs. */
  #dragWindow(dx: number, dy: number): void {
    if (!this.#scan) return;
    const perPixel = this.#scan.windows.full.width / windowTravelPx;
    const window = {
      centre: this.#window.centre + dy * perPixel,
      width: Math.max(perPixel, this.#window.width + dx * perPixel),
    };
    this.setWindow(window);
    this.#listener.onWindow(window);
  }

  #hover(event: PointerEvent): void {
    this.#pointer = { pageX: event.pageX, pageY: event.pageY };
    this.#drawRing();
    const point = this.#pointAt(event);
    if (!point || !this.#layout) return;
    const [, row, column] = point;
    const inside =
      row >= -0.5 && column >= -0.5 && row < this.#layout.rows - 0.5 && column < this.#layout.columns - 0.5;
    this.#listener.onHover(inside ? point : null);
  }

  #leave(): void {
    this.#pointer = null;
    this.#drawRing();
    this.#listener.onHover(null);
  }

  #tell(event: PointerEvent, tell: (point: SlicePoint) => void): void {
    const point = this.#pointAt(event);
    if (point) tell(point);
  }

  /** Where on the slice the pointer is, also outside of it. Cornerstone counts from pixels' corners. */
  #pointAt(event: { readonly pageX: number; readonly pageY: number }): SlicePoint | null {
    if (!this.#scan) return null;
    const at = cornerstone.pageToPixel(this.#element, event.pageX, event.pageY);
    return slicePoint(this.#slice, at.y - 0.5, at.x - 0.5);
  }

  #drawRing(): void {
    const [pointer, layout] = [this.#pointer, this.#layout];
    if (!pointer || !layout || !this.#scan || this.#brushMm === null) {
      this.#ring.hide();
      return;
    }
    const box = this.#element.getBoundingClientRect();
    const origin = cornerstone.pageToPixel(this.#element, pointer.pageX, pointer.pageY);
    const beside = cornerstone.pageToPixel(this.#element, pointer.pageX + 100, pointer.pageY + 100);
    const size = (pixels: number, mm: number): number =>
      (((this.#brushMm as number) * 2) / mm) * (100 / Math.abs(pixels));
    this.#ring.show(pointer.pageX - box.left - window.scrollX, pointer.pageY - box.top - window.scrollY, [
      size(beside.x - origin.x, layout.columnMm),
      size(beside.y - origin.y, layout.rowMm),
    ]);
  }
}
