/** A text that somebody else wrote, cut to what a message has room for. */
export function shortened(text: string, most = 60): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
