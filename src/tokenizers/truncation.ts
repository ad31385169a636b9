import { OptionError } from '../errors/failures.js';

/** How texts that are too long are shortened, always at their ends; names and rules as in Python's `tokenizers`. */
export type Truncation = 'longest_first' | 'only_first' | 'only_second';

export const TRUNCATIONS: readonly Truncation[] = ['longest_first', 'only_first', 'only_second'];

/**
 * How many tokens of one text, or of each of two, are kept so that they fit into `room` together.
 * @param second undefined: there is no second text.
 * @throws OptionError if the rule cannot make them fit.
 */
export function keptLengths(
  first: number,
  second: number | undefined,
  room: number,
  truncation: Truncation,
): [number, number] {
  const excess = first + (second ?? 0) - room;
  if (excess <= 0) return [first, second ?? 0];
  if (truncation === 'longest_first') {
    return second === undefined ? [room, 0] : sharedRoom(first, second, room);
  }
  const target = truncation === 'only_first' ? first : second;
  if (target === undefined) {
    throw new OptionError({
      where: `truncation '${truncation}'`,
      wanted: 'pairs of texts',
      got: 'single texts',
      fix: "use 'longest_first'",
    });
  }
  if (target <= excess) {
    throw new OptionError({
      where: `truncation '${truncation}'`,
      wanted: `a text of more than ${excess} tokens to shorten`,
      got: `${target}`,
      fix: "raise maxLength or use 'longest_first'",
    });
  }
  return truncation === 'only_first' ? [target - excess, second ?? 0] : [first, target - excess];
}

/** `truncate_encodings` of huggingface/tokenizers: the longer text gives first, then both get half of the room. */
function sharedRoom(first: number, second: number, room: number): [number, number] {
  const shorter = Math.min(first, second);
  const longer = shorter > room ? shorter : Math.max(shorter, room - shorter);
  if (shorter + longer <= room) return first <= second ? [shorter, longer] : [longer, shorter];
  const half = Math.floor(room / 2);
  const rest = room - half;
  return first <= second ? [half, rest] : [rest, half];
}
