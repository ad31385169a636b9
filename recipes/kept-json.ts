import { existsSync, readFileSync } from 'node:fs';

/** What a JSON file holds that an earlier run wrote, or what there is without one. */
export function keptJson<T>(path: string, without: T): T {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : without;
}

/** What the lines of a file of JSON lines hold; none without one. */
export function keptLines<T>(path: string): readonly T[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T);
}
