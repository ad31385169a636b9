import { createRequire } from 'node:module';

let known: string | undefined;

/** The version of this package, from its manifest: by name, so that it is found from wherever the code was compiled to. */
export function packageVersion(): string {
  known ??= readVersion();
  return known;
}

function readVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('retort-ml/package.json');
  const hasVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return hasVersion ? String(manifest.version) : 'unknown';
}
