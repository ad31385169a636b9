/** An IDX file of unsigned bytes: what http://yann.lecun.com/exdb/mnist says, byte by byte. */
export function idxFile(shape: readonly number[], data: ArrayLike<number>): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  shape.forEach((dim, axis) => {
    header.writeUInt32BE(dim, 4 + 4 * axis);
  });
  return Buffer.concat([header, Buffer.from(Array.from(data))]);
}
