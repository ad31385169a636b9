/**
 * @file Patterns that are made when they are first asked for. What \p stands for is looked up when a literal is read, a fifth
 * of a millisecond each, in functions that never run too: a process that answers one text in ASCII need not wait for it.
 */
export function latePattern(source: string, flags: string): () => RegExp {
  let pattern: RegExp | undefined;
  return () => {
    pattern ??= new RegExp(source, flags);
    return pattern;
  };
}
