import cornerstone, {
  type CornerstoneImage,
  type CornerstoneViewport,
  type RenderedDetail,
} from 'cornerstone-core';
import { slicePoint, type SlicePoint } from '../../shared/geometry/points';
import { MaskOverlay, type OverlayStyle } from './overlay';
import type { GreyWindow, ScanVolume } from './scanVolume';
import { copySlice } from './slicePlane';

export interface SliceViewListener {
  /** The wheel asks for another slice. */
  onSlice(slice: number): void;
  /** The pointer is over a pixel (whole numbers are centres), or over none. */
  onHover(point: SlicePoint | null): void;
  onWindow(window: GreyWindow): void;
}

/** Which mask an overlay shows. */
export type OverlayName = 'truth' | 'mask';

/** One wheel click zooms by this factor. */
const zoomStep = 1.15;
const zoomRange = [0.2, 40] as const;
/** Mouse travel of this many pixels moves the window by the whole range of the scan. */
const windowTravelPx = 600;

/**
 * One viewport: a slice of a scan with masks over it, and the mouse on it. Knows nothing of the rest of the window.
 * Wheel: slice; ctrl + wheel: zoom; right drag: window and level; middle drag: pan.
 */
export class SliceView {
  readonly #element: HTMLElement;
  readonly #listener: SliceViewListener;
  readonly #overlays: Readonly<Record<OverlayName, MaskOverlay>> = {
    truth: new MaskOverlay({ kind: 'outline', colour: [77, 166, 255], opacity: 1 }),
    mask: new MaskOverlay({ kind: 'outline', colour: [255, 159, 28], opacity: 1 }),
  };
  readonly #abort = new AbortController();
  readonly #resizer: ResizeObserver;
  #scan: ScanVolume | null = null;
  #slice = 0;
  #window: GreyWindow = { centre: 0, width: 1 };
  #overlaysShown = true;
  #wheelRest = 0;
  #drag: { button: number; x: number; y: number } | null = null;
  #version = 0;

  constructor(element: HTMLElement, listener: SliceViewListener) {
    this.#element = element;
    this.#listener = listener;
    cornerstone.enable(element);
    const signal = this.#abort.signal;
    element.addEventListener('cornerstoneimagerendered', (event) => this.#drawOverlays(event), { signal });
    element.addEventListener('wheel', (event) => this.#wheel(event), { signal, passive: false });
    element.addEventListener('pointerdown', (event) => this.#pointerDown(event), { signal });
    element.addEventListener('pointermove', (event) => this.#pointerMove(event), { signal });
    element.addEventListener('pointerup', () => (this.#drag = null), { signal });
    element.addEventListener('pointercancel', () => (this.#drag = null), { signal });
    element.addEventListener('pointerleave', () => listener.onHover(null), { signal });
    element.addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
    this.#resizer = new ResizeObserver(() => this.#resize());
    this.#resizer.observe(element);
  }

  dispose(): void {
    this.#abort.abort();
    this.#resizer.disconnect();
    cornerstone.disable(this.#element);
  }

  /** Shows a scan, fitted to the viewport. */
  setScan(scan: ScanVolume, slice: number, window: GreyWindow): void {
    this.#scan = scan;
    this.#slice = slice;
    this.#window = window;
    for (const overlay of Object.values(this.#overlays)) overlay.setMask(null, 0, 0);
    this.#display();
    this.reset();
  }

  /** Shows another slice; the masks of the old one go away with it. */
  setSlice(slice: number): void {
    if (!this.#scan || slice === this.#slice) return;
    this.#slice = slice;
    for (const overlay of Object.values(this.#overlays)) overlay.setMask(null, 0, 0);
    this.#display();
  }

  setWindow(window: GreyWindow): void {
    this.#window = window;
    this.#changeViewport((viewport) => {
      viewport.voi = this.#voi();
    });
  }

  /** @param mask of the slice that is shown: its rows x columns; null for none. */
  setOverlay(name: OverlayName, mask: Uint8Array | null): void {
    const { columns, rows } = this.#scan?.layout ?? { columns: 0, rows: 0 };
    this.#overlays[name].setMask(mask, columns, rows);
    this.#redraw();
  }

  setOverlayStyle(name: OverlayName, style: OverlayStyle): void {
    this.#overlays[name].setStyle(style);
    this.#redraw();
  }

  showOverlays(shown: boolean): void {
    this.#overlaysShown = shown;
    this.#redraw();
  }

  /** Fits the slice to the viewport, centred. */
  reset(): void {
    if (this.#scan && this.#hasSize()) cornerstone.fitToWindow(this.#element);
  }

  #display(): void {
    const scan = this.#scan;
    if (!scan) return;
    const viewport = cornerstone.getViewport(this.#element);
    cornerstone.displayImage(this.#element, this.#image(scan), { ...viewport, voi: this.#voi() });
  }

  #image(scan: ScanVolume): CornerstoneImage {
    const { columns, rows, columnMm, rowMm } = scan.layout;
    const pixels = copySlice(scan.pixels, scan.layout, this.#slice, new Int16Array(columns * rows));
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
    if (!this.#overlaysShown) return;
    const { canvasContext, enabledElement } = (event as CustomEvent<RenderedDetail>).detail;
    const toPixels = (): void => cornerstone.setToPixelCoordinateSystem(enabledElement, canvasContext);
    this.#overlays.truth.draw(canvasContext, toPixels);
    this.#overlays.mask.draw(canvasContext, toPixels);
  }

  #redraw(): void {
    if (this.#scan) cornerstone.updateImage(this.#element);
  }

  #changeViewport(change: (viewport: CornerstoneViewport) => void): void {
    const viewport = this.#scan ? cornerstone.getViewport(this.#element) : undefined;
    if (!viewport) return;
    change(viewport);
    cornerstone.setViewport(this.#element, viewport);
  }

  #hasSize(): boolean {
    return this.#element.clientWidth > 0 && this.#element.clientHeight > 0;
  }

  #resize(): void {
    if (this.#hasSize()) cornerstone.resize(this.#element, this.#scan === null);
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    if (!this.#scan) return;
    if (event.ctrlKey) {
      this.#zoom(event.deltaY < 0 ? zoomStep : 1 / zoomStep, event);
      return;
    }
    // A touchpad sends many small steps: they add up to slices.
    this.#wheelRest += event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY / 100 : event.deltaY / 3;
    const steps = Math.abs(event.deltaY) >= 100 ? Math.sign(event.deltaY) : Math.trunc(this.#wheelRest);
    if (steps === 0) return;
    this.#wheelRest = 0;
    // Away from the reader is up, towards the top of the head.
    const wanted = Math.min(this.#scan.layout.count - 1, Math.max(0, this.#slice - steps));
    if (wanted !== this.#slice) this.#listener.onSlice(wanted);
  }

  /** Zooms so that the pixel under the pointer stays there. */
  #zoom(factor: number, event: WheelEvent): void {
    const before = cornerstone.pageToPixel(this.#element, event.pageX, event.pageY);
    this.#changeViewport((viewport) => {
      viewport.scale = Math.min(zoomRange[1], Math.max(zoomRange[0], viewport.scale * factor));
    });
    const after = cornerstone.pageToPixel(this.#element, event.pageX, event.pageY);
    this.#changeViewport((viewport) => {
      viewport.translation.x += after.x - before.x;
      viewport.translation.y += after.y - before.y;
    });
  }

  #pointerDown(event: PointerEvent): void {
    if (event.button === 0) return;
    event.preventDefault();
    this.#element.setPointerCapture(event.pointerId);
    this.#drag = { button: event.button, x: event.clientX, y: event.clientY };
  }

  #pointerMove(event: PointerEvent): void {
    this.#hover(event);
    const drag = this.#drag;
    if (!drag || !this.#scan) return;
    const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    this.#drag = { ...drag, x: event.clientX, y: event.clientY };
    if (drag.button === 2) this.#dragWindow(this.#scan, dx, dy);
    if (drag.button === 1) {
      const from = cornerstone.pageToPixel(this.#element, event.pageX - dx, event.pageY - dy);
      const to = cornerstone.pageToPixel(this.#element, event.pageX, event.pageY);
      this.#changeViewport((viewport) => {
        viewport.translation.x += to.x - from.x;
        viewport.translation.y += to.y - from.y;
      });
    }
  }

  /** Right widens the window, down darkens (raises its centre), as in other readers' programs. */
  #dragWindow(scan: ScanVolume, dx: number, dy: number): void {
    const perPixel = scan.windows.full.width / windowTravelPx;
    const window = {
      centre: this.#window.centre + dy * perPixel,
      width: Math.max(perPixel, this.#window.width + dx * perPixel),
    };
    this.setWindow(window);
    this.#listener.onWindow(window);
  }

  #hover(event: PointerEvent): void {
    const scan = this.#scan;
    if (!scan) return;
    const at = cornerstone.pageToPixel(this.#element, event.pageX, event.pageY);
    const inside = at.x >= 0 && at.y >= 0 && at.x < scan.layout.columns && at.y < scan.layout.rows;
    // Cornerstone counts from pixels' corners.
    this.#listener.onHover(inside ? slicePoint(this.#slice, at.y - 0.5, at.x - 0.5) : null);
  }
}
