/** Joins parts by blanks into lines of at most `columns` characters; a longer part has a line of its own. */
export function foldWords(parts: readonly string[], columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const part of parts) {
    if (line !== '' && line.length + 1 + part.length > columns) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? part : ` ${part}`;
  }
  return [...lines, line];
}
