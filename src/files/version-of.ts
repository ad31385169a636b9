import { createRequire } from 'node:module';
import { objectOf } from '../options/json.js';

/** The version of a package, from its manifest: by its name, so that it is found from wherever this code was compiled to. */
export function versionOf(name: string): string {
  const manifest: unknown = createRequire(import.meta.url)(`${name}/package.json`);
  return String(objectOf(manifest).version ?? 'unknown');
}
