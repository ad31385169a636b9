/** A text that somebody else wrote, cut to what there is room for: at most so many characters, the last an ellipsis. */
export function shortened(text: string, most = 60): string {
  // A character takes one or two places: of a long text no more is looked at than can matter.
  const characters = [...text.slice(0, 2 * (most + 1))];
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : text;
}
