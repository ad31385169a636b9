import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importsOf } from './import-rules.js';

export const src = fileURLToPath(new URL('../../src', import.meta.url));

/** Types are gone at run time: the compiler removes `import type` and `export type … from` as whole statements. */
function withoutTypes(source: string): string {
  return source.replaceAll(/^(import|export) type [^;]* from '[^']*';$/gm, '');
}

export type Loaded = {
  /** Of `src/`. */
  readonly files: ReadonlySet<string>;
  /** Of Node too, such as `node:fs`. */
  readonly packages: ReadonlySet<string>;
};

/**
 * What is loaded when some files of `src/` are, at once or later.
 * @param options.backend what `#backend` is
 * @param options.planted sources in the place of those files
 */
export function loadedBy(
  start: readonly string[],
  options: { readonly backend?: 'node' | 'web'; readonly planted?: ReadonlyMap<string, string> } = {},
): Loaded {
  const { backend = 'node', planted = new Map<string, string>() } = options;
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (path: string): void => {
    if (files.has(path)) return;
    files.add(path);
    const source = planted.get(path) ?? readFileSync(join(src, path), 'utf8');
    for (const specifier of importsOf(path, withoutTypes(source))) {
      if (specifier === '#backend') visit(`runtime/backend-${backend}.ts`);
      else if (!specifier?.startsWith('.')) packages.add(specifier ?? 'a computed name');
      else {
        const target = posix.join(posix.dirname(path), specifier.replace(/\.js$/, '.ts'));
        if (existsSync(join(src, target))) visit(target);
      }
    }
  };
  for (const path of start) visit(path);
  return { files, packages };
}
