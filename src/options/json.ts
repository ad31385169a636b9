/** @file Values of JSON: their type, and what is asked of one that was just read. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export function isJsonObject(value: unknown): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Levels of lists and objects in each other. Ours and other tools' files have ten; what walks more runs out of stack. */
const MAX_LEVELS = 100;

export class DeepJsonError extends SyntaxError {
  constructor() {
    super(`JSON nested deeper than ${MAX_LEVELS} levels`);
  }
}

/** @throws SyntaxError as `JSON.parse` does; DeepJsonError for what is nested too deep to be worked on. */
export function jsonOf(text: string): unknown {
  const value: unknown = JSON.parse(text);
  let level = [value].filter(isContainer);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === MAX_LEVELS) throw new DeepJsonError();
    level = level.flatMap((one) => Object.values(one).filter(isContainer));
  }
  return value;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** What is wrong with a text that `jsonOf` did not take. */
export function jsonProblem(error: unknown): string {
  return error instanceof DeepJsonError ? error.message : 'invalid JSON';
}

/** What a text says as JSON; undefined where it is none: for whoever checks what is there by a schema next. */
export function parsedJson(text: string): unknown {
  try {
    return jsonOf(text);
  } catch {
    return undefined;
  }
}

/** What JSON has as an object; of anything else one without keys. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return isJsonObject(value) ? value : {};
}
