import { type Dataset, paddedRows, paddingWeights } from './dataset.js';

/**
 * Images without labels as rows of `pixels` uint8 [B, P]; a row's id is its index.
 * @param images N × P bytes, image by image.
 * @param pixels P
 */
export function imageDataset(name: string, images: Uint8Array, pixels: number): Dataset {
  const size = images.length / pixels;
  return {
    name,
    size,
    labelNames: [],
    batch: (rows, paddedTo = rows.length, place) => {
      const shape = [paddedTo, pixels];
      const placed = place?.('pixels', 'uint8', shape);
      const padded = paddedRows(rows, paddedTo, size, name);
      const data = placed instanceof Uint8Array ? placed : new Uint8Array(paddedTo * pixels);
      for (let i = 0; i < paddedTo; i++) {
        const start = (padded[i] as number) * pixels;
        data.set(images.subarray(start, start + pixels), i * pixels);
      }
      return {
        inputs: { pixels: { dtype: 'uint8', shape, data } },
        ids: padded,
        weights: paddingWeights(rows.length, paddedTo),
      };
    },
  };
}
