/** @file A square to draw a digit in, and the image that models get of it: 28 × 28, scaled and centred as MNIST's are. */
import { PIXELS, SIDE } from '../../src/data/mnist-dataset.js';
import { el } from '../element.js';

export type DigitPad = {
  readonly element: HTMLElement;
  /** Shows an image of the data in the place of a drawing. */
  show(pixels: Uint8Array): void;
  clear(): void;
};

/** Of the canvas, in its own pixels. */
const SIZE = 280;
const PEN = 20;
/** What MNIST's digits are scaled to, before they are centred by their mass. */
const BOX = 20;
const LEAST_INK = 30;

/** @param onDraw the image after each stroke, as the models see it */
export function digitPad(onDraw: (pixels: Uint8Array) => void): DigitPad {
  const canvas = el('canvas', {
    class: 'pad',
    width: SIZE,
    height: SIZE,
    role: 'img',
    'aria-label': 'A square to draw a digit in with mouse, pen or finger. By keyboard, pick a test image.',
  });
  const pen = contextOf(canvas);
  Object.assign(pen, { lineWidth: PEN, lineCap: 'round', lineJoin: 'round', strokeStyle: '#fff' });
  let isDrawing = false;
  let isOfData = true;
  const clear = () => {
    pen.fillStyle = '#000';
    pen.fillRect(0, 0, SIZE, SIZE);
    isOfData = false;
  };
  const at = (event: PointerEvent): [number, number] => {
    const { width } = canvas.getBoundingClientRect();
    return [(event.offsetX * SIZE) / width, (event.offsetY * SIZE) / width];
  };
  const tell = () => {
    const pixels = asMnist(canvas, pen.getImageData(0, 0, SIZE, SIZE));
    if (pixels !== undefined) onDraw(pixels);
  };
  canvas.addEventListener('pointerdown', (event) => {
    if (isOfData) clear();
    isDrawing = true;
    canvas.setPointerCapture(event.pointerId);
    pen.beginPath();
    pen.moveTo(...at(event));
    pen.lineTo(...at(event));
    pen.stroke();
    tell();
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!isDrawing) return;
    pen.lineTo(...at(event));
    pen.stroke();
    tell();
  });
  for (const end of ['pointerup', 'pointercancel'] as const) {
    canvas.addEventListener(end, () => {
      isDrawing = false;
    });
  }
  clear();
  const show = (pixels: Uint8Array) => {
    clear();
    const image = smallCanvas();
    contextOf(image).putImageData(asImage(pixels), 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(image, 0, 0, SIZE, SIZE);
    isOfData = true;
  };
  return { element: canvas, show, clear };
}

/** Paints an image of the data. */
export function paintDigit(canvas: HTMLCanvasElement, pixels: Uint8Array): void {
  contextOf(canvas).putImageData(asImage(pixels), 0, 0);
}

export function smallCanvas(): HTMLCanvasElement {
  return el('canvas', { class: 'digit', width: SIDE, height: SIDE });
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('this browser has no canvas to draw on');
  return context;
}

function asImage(pixels: Uint8Array): ImageData {
  const image = new ImageData(SIDE, SIDE);
  for (const [i, ink] of pixels.entries()) image.data.set([ink, ink, ink, 255], i * 4);
  return image;
}

/** @returns undefined for a drawing without ink */
function asMnist(canvas: HTMLCanvasElement, { data }: ImageData): Uint8Array | undefined {
  let [left, right, top, bottom] = [SIZE, -1, SIZE, -1];
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      if ((data[(y * SIZE + x) * 4] as number) < LEAST_INK) continue;
      [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
    }
  }
  if (right < 0) return undefined;
  const [width, height] = [right - left + 1, bottom - top + 1];
  const scale = BOX / Math.max(width, height);
  const centred = (dx: number, dy: number): Uint8ClampedArray => {
    const context = contextOf(smallCanvas());
    context.fillRect(0, 0, SIDE, SIDE);
    context.imageSmoothingQuality = 'high';
    context.drawImage(canvas, left, top, width, height, dx, dy, width * scale, height * scale);
    return context.getImageData(0, 0, SIDE, SIDE).data;
  };
  const [dx, dy] = [(SIDE - width * scale) / 2, (SIDE - height * scale) / 2];
  const first = centred(dx, dy);
  let [mass, massX, massY] = [0, 0, 0];
  for (let i = 0; i < PIXELS; i++) {
    const ink = first[i * 4] as number;
    mass += ink;
    massX += ink * (i % SIDE);
    massY += ink * Math.floor(i / SIDE);
  }
  const shift = (sum: number) => Math.round((SIDE - 1) / 2 - sum / mass);
  const inked = centred(dx + shift(massX), dy + shift(massY));
  return Uint8Array.from({ length: PIXELS }, (_, i) => inked[i * 4] as number);
}
