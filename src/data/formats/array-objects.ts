/** @file One JSON array of objects, wherever its text is from: nothing of Node is behind it. */
import { FileError } from '../../errors/failures.js';
import { DeepJsonError, isJsonObject, jsonOf } from '../../options/json.js';
import { BAD_ROW_FIX, type BadRow, type ObjectRow, quoted } from './table-rows.js';

/** The objects of a text. @throws FileError for no array. */
export async function* arrayObjects(path: string, text: string): AsyncGenerator<ObjectRow | BadRow, void> {
  for (const [i, object] of parsedArray(text.replace(/^\uFEFF/, ''), path).entries()) {
    const where = `${path}, item ${i + 1}`;
    if (isJsonObject(object)) yield { where, object };
    else {
      const got = quoted(JSON.stringify(object));
      yield { failure: new FileError({ where, wanted: 'an object', got, fix: BAD_ROW_FIX }) };
    }
  }
}

function parsedArray(text: string, path: string): readonly unknown[] {
  const wrong = (got: string, cause?: unknown) => {
    const fix = 'if it holds one object per line, rename it to .jsonl';
    return new FileError({ where: path, wanted: 'one JSON array of objects', got, fix, cause });
  };
  let value: unknown;
  try {
    value = jsonOf(text);
  } catch (error) {
    throw wrong(error instanceof DeepJsonError ? error.message : 'text that is not JSON', error);
  }
  if (Array.isArray(value)) return value;
  throw wrong(quoted(JSON.stringify(value)));
}
