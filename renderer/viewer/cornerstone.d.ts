/** As much of cornerstone-core 2.6 as the viewer uses. */
declare module 'cornerstone-core' {
  export interface CornerstoneImage {
    imageId: string;
    minPixelValue: number;
    maxPixelValue: number;
    slope: number;
    intercept: number;
    windowCenter: number;
    windowWidth: number;
    getPixelData(): Int16Array;
    rows: number;
    columns: number;
    height: number;
    width: number;
    color: boolean;
    rgba: boolean;
    columnPixelSpacing: number;
    rowPixelSpacing: number;
    invert: boolean;
    sizeInBytes: number;
  }

  export interface CornerstoneViewport {
    scale: number;
    translation: { x: number; y: number };
    voi: { windowWidth: number; windowCenter: number };
    pixelReplication: boolean;
  }

  export interface EnabledElement {
    element: HTMLElement;
    canvas: HTMLCanvasElement;
    image: CornerstoneImage | undefined;
    viewport: CornerstoneViewport | undefined;
  }

  export interface RenderedDetail {
    canvasContext: CanvasRenderingContext2D;
    enabledElement: EnabledElement;
    viewport: CornerstoneViewport;
  }

  interface Cornerstone {
    enable(element: HTMLElement): void;
    disable(element: HTMLElement): void;
    displayImage(
      element: HTMLElement,
      image: CornerstoneImage,
      viewport?: Partial<CornerstoneViewport>,
    ): void;
    getViewport(element: HTMLElement): CornerstoneViewport | undefined;
    setViewport(element: HTMLElement, viewport: CornerstoneViewport): void;
    getEnabledElement(element: HTMLElement): EnabledElement;
    fitToWindow(element: HTMLElement): void;
    resize(element: HTMLElement, forceFitToWindow?: boolean): void;
    updateImage(element: HTMLElement, invalidated?: boolean): void;
    pageToPixel(element: HTMLElement, pageX: number, pageY: number): { x: number; y: number };
    setToPixelCoordinateSystem(enabledElement: EnabledElement, context: CanvasRenderingContext2D): void;
  }

  const cornerstone: Cornerstone;
  export default cornerstone;
}
