/** @file The text of a request, in whatever form its client sends one: equal texts are equal rows. */
import type { TextInput } from '../inference/answer.js';
import { isJsonObject, objectOf } from '../options/json.js';
import { RequestFailure } from './request-failure.js';

/**
 * A text is itself; text parts are joined by line ends; a JSON part is its value; of an object with `first` and `second` a
 * pair is made, of another the declared field is taken.
 * @param field of objects, where one was declared
 * @throws RequestFailure for what holds no text.
 */
export function textOfState(state: unknown, field: string | undefined, place: string): TextInput {
  if (typeof state === 'string') return state;
  if (Array.isArray(state)) {
    const [part] = state;
    if (state.length === 1 && isJsonObject(part) && part.type === 'json') {
      return textOfState(part.value, field, place);
    }
    return textOfParts(state, ['text'], place);
  }
  if (!isJsonObject(state))
    throw new RequestFailure('invalid', `wanted a text, a list of text parts or an object`, [place]);
  const names = Object.keys(state);
  if (field !== undefined) {
    const value = state[field];
    if (typeof value === 'string') return value;
    const got = names.length === 0 ? 'none' : names.slice(0, 20).join(', ').slice(0, 500);
    throw new RequestFailure('invalid', `wanted a text in the field ${field}, got the fields ${got}`, [place, field]);
  }
  const { first, second } = state;
  if (names.length === 2 && typeof first === 'string' && typeof second === 'string') return [first, second];
  const wanted = 'wanted a text, or a field that --text_field names';
  throw new RequestFailure('invalid', `${wanted}, got an object of ${names.slice(0, 20).join(', ').slice(0, 500)}`, [
    place,
  ]);
}

/** @param types of the parts that are texts. */
export function textOfParts(parts: readonly unknown[], types: readonly string[], place: string): string {
  const texts = parts.map((part) => {
    const { type, text } = objectOf(part);
    if (types.includes(String(type)) && typeof text === 'string') return text;
    throw new RequestFailure('invalid', `wanted parts of text alone, got one of type ${String(type).slice(0, 60)}`, [
      place,
    ]);
  });
  if (texts.length === 0) throw new RequestFailure('invalid', 'wanted a text, got an empty list', [place]);
  return texts.join('\n');
}
