/** @file Bytes of a stranger's as text, and text as JSON. */
import { FileError } from '../errors/failures.js';
import { jsonOf, jsonProblem } from '../options/json.js';

const FIX = 'copy or download the file again';

/**
 * @param where Where the bytes are from, for messages.
 * @throws FileError for bytes that are not UTF-8.
 */
export function decodedText(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const got = 'bytes that are not valid UTF-8';
    throw new FileError({ where, wanted: 'text in UTF-8', got, fix: FIX, cause });
  }
}

/** @throws FileError for text that is not JSON. */
export function parseJson(text: string, where: string): unknown {
  try {
    return jsonOf(text);
  } catch (cause) {
    throw new FileError({ where, wanted: 'JSON', got: jsonProblem(cause), fix: FIX, cause });
  }
}
