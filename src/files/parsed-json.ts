/** What a text says as JSON; undefined where it is none: for whoever checks what is there by a schema next. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
