/** The circle under the pointer that shows what a brush would touch. Its border is drawn outside of what it surrounds. */
export class BrushRing {
  readonly #ring: HTMLElement;

  constructor(element: HTMLElement) {
    this.#ring = document.createElement('div');
    this.#ring.className = 'brush-ring';
    this.#ring.setAttribute('aria-hidden', 'true');
    this.#ring.hidden = true;
    element.append(this.#ring);
  }

  /** @param diameter width and height in pixels of the screen: an ellipse where voxels are not square. */
  show(x: number, y: number, diameter: readonly [number, number]): void {
    this.#ring.hidden = false;
    this.#ring.style.width = `${Math.max(3, diameter[0])}px`;
    this.#ring.style.height = `${Math.max(3, diameter[1])}px`;
    this.#ring.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
  }

  hide(): void {
    this.#ring.hidden = true;
  }

  dispose(): void {
    this.#ring.remove();
  }
}
