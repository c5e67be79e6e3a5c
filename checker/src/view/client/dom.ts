/**
 * The parts of the DOM that the page's script uses. The package is compiled without the DOM's own types, so that
 * nothing of the checker can come to lean on a browser.
 */
export interface Dom {
  readonly document: DocumentLike;
  readonly devicePixelRatio: number;
  readonly performance: { now(): number };
  addEventListener(type: string, listener: (event: EventLike) => void): void;
  getComputedStyle(element: ElementLike): { getPropertyValue(name: string): string };
  matchMedia(query: string): {
    readonly matches: boolean;
    addEventListener(type: string, listener: () => void): void;
  };
  requestAnimationFrame(callback: () => void): number;
  ResizeObserver: new (callback: () => void) => { observe(element: ElementLike): void };
}

export interface DocumentLike {
  readonly documentElement: ElementLike;
  readonly activeElement: ElementLike | null;
  getElementById(id: string): ElementLike | null;
  createElement(name: string): ElementLike;
}

export interface ElementLike {
  id: string;
  className: string;
  textContent: string | null;
  hidden: boolean;
  value: string;
  title: string;
  label: string;
  open: boolean;
  width: number;
  height: number;
  scrollTop: number;
  readonly tagName: string;
  readonly clientWidth: number;
  readonly clientHeight: number;
  readonly offsetWidth: number;
  readonly offsetHeight: number;
  readonly dataset: Record<string, string | undefined>;
  readonly style: Record<string, string>;
  append(...children: readonly (ElementLike | string)[]): void;
  replaceChildren(...children: readonly (ElementLike | string)[]): void;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  addEventListener(
    type: string,
    listener: (event: EventLike) => void,
    options?: { readonly passive: boolean },
  ): void;
  setPointerCapture(id: number): void;
  focus(options?: { readonly preventScroll: boolean }): void;
  showModal(): void;
  close(): void;
  getBoundingClientRect(): {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
  getContext(kind: "2d"): Context2d | null;
}

/** Of a mouse, wheel, pointer or key; what a kind of event lacks is never read of it. */
export interface EventLike {
  readonly target: ElementLike | null;
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly button: number;
  readonly clientX: number;
  readonly clientY: number;
  readonly deltaX: number;
  readonly deltaY: number;
  readonly deltaMode: number;
  readonly pointerId: number;
  readonly pointerType: string;
  preventDefault(): void;
}

export interface Context2d {
  fillStyle: string | GradientLike;
  strokeStyle: string | GradientLike;
  globalAlpha: number;
  lineWidth: number;
  lineJoin: string;
  font: string;
  textAlign: string;
  textBaseline: string;
  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void;
  save(): void;
  restore(): void;
  beginPath(): void;
  rect(x: number, y: number, width: number, height: number): void;
  clip(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  arc(x: number, y: number, radius: number, from: number, to: number): void;
  fill(): void;
  stroke(): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  strokeRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number): void;
  measureText(text: string): { readonly width: number };
  setLineDash(segments: readonly number[]): void;
  createLinearGradient(x0: number, y0: number, x1: number, y1: number): GradientLike;
}

export interface GradientLike {
  addColorStop(offset: number, color: string): void;
}
