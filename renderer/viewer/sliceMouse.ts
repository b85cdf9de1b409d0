import cornerstone, { type CornerstoneViewport } from 'cornerstone-core';

/** What the mouse asks of a view. Page positions, as cornerstone takes them. */
export interface SliceMouseTarget {
  /** Slices to go up (away from the reader's hand is up, towards the top of the head). */
  onWheel(steps: number): void;
  /** The wheel with a modifier held that the view gives a meaning to; returns whether it did. */
  onModifiedWheel(event: WheelEvent, up: boolean): boolean;
  onMove(event: PointerEvent): void;
  onLeave(): void;
  /** Left button: pressed, dragged, let go. */
  onPress(event: PointerEvent): void;
  onDrag(event: PointerEvent): void;
  onRelease(): void;
  onWindowDrag(dx: number, dy: number): void;
  changeViewport(change: (viewport: CornerstoneViewport) => void): void;
}

/** One wheel click zooms by this factor. */
const zoomStep = 1.15;
const zoomRange = [0.2, 40] as const;

/**
 * The mouse on one viewport. Wheel: slice; ctrl + wheel: zoom; right drag: window and level; middle drag: pan; the left
 * button belongs to the tool in hand.
 */
export class SliceMouse {
  readonly #element: HTMLElement;
  readonly #target: SliceMouseTarget;
  #wheelRest = 0;
  #drag: { button: number; x: number; y: number } | null = null;

  constructor(element: HTMLElement, target: SliceMouseTarget, signal: AbortSignal) {
    this.#element = element;
    this.#target = target;
    element.addEventListener('wheel', (event) => this.#wheel(event), { signal, passive: false });
    element.addEventListener('pointerdown', (event) => this.#down(event), { signal });
    element.addEventListener('pointermove', (event) => this.#move(event), { signal });
    element.addEventListener('pointerup', () => this.#up(), { signal });
    element.addEventListener('pointercancel', () => this.#up(), { signal });
    element.addEventListener('pointerleave', () => target.onLeave(), { signal });
    element.addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
  }

  /** Zooms about a point of the page; the pixel there stays where it is. */
  zoomAt(factor: number, pageX: number, pageY: number): void {
    const before = cornerstone.pageToPixel(this.#element, pageX, pageY);
    this.#target.changeViewport((viewport) => {
      viewport.scale = Math.min(zoomRange[1], Math.max(zoomRange[0], viewport.scale * factor));
    });
    const after = cornerstone.pageToPixel(this.#element, pageX, pageY);
    this.#target.changeViewport((viewport) => {
      viewport.translation.x += after.x - before.x;
      viewport.translation.y += after.y - before.y;
    });
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const up = event.deltaY + event.deltaX < 0;
    if (event.ctrlKey) {
      this.zoomAt(up ? zoomStep : 1 / zoomStep, event.pageX, event.pageY);
      return;
    }
    if (this.#target.onModifiedWheel(event, up)) return;
    // A touchpad sends many small steps: they add up to slices.
    this.#wheelRest += event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY / 100 : event.deltaY / 3;
    const steps = Math.abs(event.deltaY) >= 100 ? Math.sign(event.deltaY) : Math.trunc(this.#wheelRest);
    if (steps === 0) return;
    this.#wheelRest = 0;
    this.#target.onWheel(-steps);
  }

  #down(event: PointerEvent): void {
    if (this.#drag) return;
    if (event.button !== 0) event.preventDefault();
    this.#element.setPointerCapture(event.pointerId);
    this.#drag = { button: event.button, x: event.clientX, y: event.clientY };
    if (event.button === 0) this.#target.onPress(event);
  }

  #move(event: PointerEvent): void {
    this.#target.onMove(event);
    const drag = this.#drag;
    if (!drag) return;
    const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    this.#drag = { ...drag, x: event.clientX, y: event.clientY };
    if (drag.button === 0) this.#target.onDrag(event);
    if (drag.button === 1) this.#pan(event, dx, dy);
    if (drag.button === 2) this.#target.onWindowDrag(dx, dy);
  }

  #up(): void {
    if (this.#drag?.button === 0) this.#target.onRelease();
    this.#drag = null;
  }

  #pan(event: PointerEvent, dx: number, dy: number): void {
    const from = cornerstone.pageToPixel(this.#element, event.pageX - dx, event.pageY - dy);
    const to = cornerstone.pageToPixel(this.#element, event.pageX, event.pageY);
    this.#target.changeViewport((viewport) => {
      viewport.translation.x += to.x - from.x;
      viewport.translation.y += to.y - from.y;
    });
  }
}
