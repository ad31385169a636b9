/** All that a generator gives; Node 20 has no `Array.fromAsync`. */
export async function collected<T>(from: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of from) all.push(one);
  return all;
}
