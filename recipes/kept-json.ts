import { existsSync, readFileSync } from 'node:fs';

/** What a JSON file holds that an earlier run wrote, or what there is without one. */
export function keptJson<T>(path: string, without: T): T {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : without;
}
