/** @file Greyscale images turned, stretched and slanted about their centre, read between pixels (bilinear). */

/** Where an output pixel is read from, relative to the centre: x = xx · right + xy · down, y = yx · right + yy · down. */
export type AffineMap = { readonly xx: number; readonly xy: number; readonly yx: number; readonly yy: number };

/** What is done to an image. */
export type Affine = {
  /** Radians, clockwise as one sees it, y pointing down. */
  readonly angle: number;
  /** The image becomes so many times as wide, and as high. */
  readonly widthFactor: number;
  readonly heightFactor: number;
  /** Pixels to the left for each pixel down. */
  readonly shear: number;
};

/** The inverse of turning, after slanting, after stretching: stretch⁻¹ · slant⁻¹ · turn⁻¹. */
export function affineMap({ angle, widthFactor, heightFactor, shear }: Affine): AffineMap {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return {
    xx: (cos - shear * sin) / widthFactor,
    xy: (sin + shear * cos) / widthFactor,
    yx: -sin / heightFactor,
    yy: cos / heightFactor,
  };
}

/** More than the rounding of a place in an image of sane size: nothing is read outside the frame. */
const ROUNDING = 1e-9;

/** @param at where the image begins, in the pixels that are read and in those that are added to. */
export type Resampler = (images: Uint8Array, at: number, map: AffineMap, onto: Float32Array) => void;

/**
 * Reads images of height × width pixels through maps and adds what it reads, rounded to float32, onto others; what lies
 * outside an image is 0. Onto black the same as `scipy.ndimage.affine_transform(…, order=1, mode='grid-constant')`.
 */
export function resampler(width: number, height: number): Resampler {
  // A frame of zeros around an image that is lit at its edge, whose pixels so need no case of their own.
  const framed = new Uint8Array((width + 2) * (height + 2));
  const [centreX, centreY] = [(width - 1) / 2, (height - 1) / 2];
  return (images, from, { xx, xy, yx, yy }, onto) => {
    const lit = litBox(images, from, width, height);
    if (lit === undefined) return;
    const isInside = lit.left > 0 && lit.top > 0 && lit.right < width - 1 && lit.bottom < height - 1;
    // Places are counted in the frame, whose first pixel is (−1, −1), so that none is negative: an image that needs no
    // frame is read a row and a pixel before them.
    const stride = isInside ? width : width + 2;
    const pixels = isInside ? images : inFrame(images, from, width, height, framed);
    const before = isInside ? stride + 1 - from : 0;
    // Readings from these on and before those find something that is lit.
    const { left, top } = lit;
    const [right, bottom] = [lit.right + 2, lit.bottom + 2];
    for (let y = 0; y < height; y++) {
      const startX = centreX + 1 - xx * centreX + xy * (y - centreY);
      const startY = centreY + 1 - yx * centreX + yy * (y - centreY);
      const first = Math.max(0, entry(startX, xx, left, right), entry(startY, yx, top, bottom));
      const end = Math.min(width, exit(startX, xx, left, right), exit(startY, yx, top, bottom));
      for (let x = first; x < end; x++) {
        const fromX = startX + xx * x;
        const fromY = startY + yx * x;
        // Cut off to whole numbers; Math.trunc takes far longer.
        const column = fromX | 0;
        const row = fromY | 0;
        const at = row * stride + column - before;
        const upperLeft = pixels[at] as number;
        const lowerLeft = pixels[at + stride] as number;
        const upper = upperLeft + ((pixels[at + 1] as number) - upperLeft) * (fromX - column);
        const lower = lowerLeft + ((pixels[at + stride + 1] as number) - lowerLeft) * (fromX - column);
        const place = from + y * width + x;
        onto[place] = (onto[place] as number) + Math.fround(upper + (lower - upper) * (fromY - row));
      }
    }
  };
}

type Box = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

/** The box of all pixels that are not black: half of a digit's image is. */
function litBox(images: Uint8Array, from: number, width: number, height: number): Box | undefined {
  let left = width;
  let right = -1;
  let top = height;
  let bottom = -1;
  for (let y = 0; y < height; y++) {
    const start = from + y * width;
    let first = 0;
    while (first < width && images[start + first] === 0) first++;
    if (first === width) continue;
    let last = width - 1;
    while (images[start + last] === 0) last--;
    if (first < left) left = first;
    if (last > right) right = last;
    if (y < top) top = y;
    bottom = y;
  }
  return right < 0 ? undefined : { left, top, right, bottom };
}

/** The image with a black pixel on all sides. */
function inFrame(images: Uint8Array, from: number, width: number, height: number, framed: Uint8Array): Uint8Array {
  for (let y = 0; y < height; y++) {
    framed.set(images.subarray(from + y * width, from + (y + 1) * width), (y + 1) * (width + 2) + 1);
  }
  return framed;
}

/** The first whole x from 0 for which low ≤ start + slope · x < high, or a later one if rounding makes it so. */
function entry(start: number, slope: number, low: number, high: number): number {
  if (slope === 0) return start >= low && start < high ? 0 : Number.POSITIVE_INFINITY;
  return Math.ceil(((slope > 0 ? low : high) - start) / slope + ROUNDING);
}

/** One after the last such x. */
function exit(start: number, slope: number, low: number, high: number): number {
  if (slope === 0) return Number.POSITIVE_INFINITY;
  return Math.ceil(((slope > 0 ? high : low) - start) / slope - ROUNDING);
}
