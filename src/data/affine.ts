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

export type Resampler = (image: Uint8Array, map: AffineMap, into: Float32Array) => void;

/**
 * Reads images of height × width pixels through maps; what lies outside an image is 0. The same as
 * `scipy.ndimage.affine_transform(…, order=1, mode='grid-constant')`.
 */
export function resampler(width: number, height: number): Resampler {
  // A frame of zeros around the image: pixels at its edge need no case of their own.
  const stride = width + 2;
  const framed = new Float32Array(stride * (height + 2));
  const [centreX, centreY] = [(width - 1) / 2, (height - 1) / 2];
  return (image, { xx, xy, yx, yy }, into) => {
    into.fill(0);
    const box = frame(image, width, height, framed);
    if (box === undefined) return;
    // In the frame, whose first pixel is (−1, −1): readings from these on and before those find something that is lit.
    const { left, top, right, bottom } = box;
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
        const at = row * stride + column;
        const upperLeft = framed[at] as number;
        const lowerLeft = framed[at + stride] as number;
        const upper = upperLeft + ((framed[at + 1] as number) - upperLeft) * (fromX - column);
        const lower = lowerLeft + ((framed[at + stride + 1] as number) - lowerLeft) * (fromX - column);
        into[y * width + x] = upper + (lower - upper) * (fromY - row);
      }
    }
  };
}

type Box = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

/**
 * Copies an image into a frame of a pixel on all sides.
 * @returns The box around all that is not black, a pixel wider on the right and below: half of a digit's image is black.
 */
function frame(image: Uint8Array, width: number, height: number, framed: Float32Array): Box | undefined {
  framed.fill(0);
  let left = width;
  let right = -1;
  let top = height;
  let bottom = -1;
  for (let y = 0; y < height; y++) {
    const start = y * width;
    let first = 0;
    while (first < width && image[start + first] === 0) first++;
    if (first === width) continue;
    let last = width - 1;
    while (image[start + last] === 0) last--;
    const shift = 2 * y + width + 3;
    for (let i = start + first; i <= start + last; i++) framed[i + shift] = image[i] as number;
    if (first < left) left = first;
    if (last > right) right = last;
    if (y < top) top = y;
    bottom = y;
  }
  return right < 0 ? undefined : { left, top, right: right + 2, bottom: bottom + 2 };
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
