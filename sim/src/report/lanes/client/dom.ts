/** The parts of the DOM that the page's script uses: the package is compiled without the DOM's own types. */
export interface Dom {
  readonly document: {
    readonly documentElement: ElementLike;
    getElementById(id: string): ElementLike | null;
  };
  readonly location: { readonly hash: string };
  readonly history: { replaceState(state: null, title: string, url: string): void };
  readonly devicePixelRatio: number;
  addEventListener(type: string, listener: (event: EventLike) => void): void;
  getComputedStyle(element: ElementLike): { getPropertyValue(name: string): string };
  matchMedia(query: string): {
    readonly matches: boolean;
    addEventListener(type: string, listener: () => void): void;
  };
  requestAnimationFrame(callback: () => void): number;
  ResizeObserver: new (callback: () => void) => { observe(element: ElementLike): void };
}

export interface ElementLike {
  textContent: string | null;
  hidden: boolean;
  checked: boolean;
  width: number;
  height: number;
  readonly tagName: string;
  readonly clientWidth: number;
  readonly offsetWidth: number;
  readonly offsetHeight: number;
  readonly dataset: Record<string, string | undefined>;
  readonly style: Record<string, string>;
  addEventListener(
    type: string,
    listener: (event: EventLike) => void,
    options?: { readonly passive: boolean },
  ): void;
  setPointerCapture(id: number): void;
  getBoundingClientRect(): { readonly left: number; readonly top: number };
  getContext(kind: "2d"): Context2d | null;
}

/** Of a wheel, pointer or key; what a kind of event lacks is never read of it. */
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
  preventDefault(): void;
}

export interface Context2d {
  fillStyle: string;
  strokeStyle: string;
  globalAlpha: number;
  lineWidth: number;
  font: string;
  textAlign: string;
  textBaseline: string;
  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void;
  save(): void;
  restore(): void;
  beginPath(): void;
  closePath(): void;
  rect(x: number, y: number, width: number, height: number): void;
  clip(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  fill(): void;
  stroke(): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  strokeRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number): void;
  measureText(text: string): { readonly width: number };
  setLineDash(segments: readonly number[]): void;
}
