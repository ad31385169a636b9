/** @file The phrases that are retired, from the table in CONTRIBUTING.md, and where a text has one. */

export type RetiredPhrase = { readonly phrase: string; readonly say: string; readonly pattern: RegExp };

const HEADING = '## Style of words';

/** The page without the section that names them. */
export function withoutTable(page: string): string {
  return page.replace(sectionOf(page), '');
}

export function retiredPhrases(page: string): readonly RetiredPhrase[] {
  return [...sectionOf(page).matchAll(/^\| (.+?) \| (`.+`) \|$/gm)].flatMap(([, say = '', phrases = '']) =>
    [...phrases.matchAll(/`([^`]+)`/g)].map(([, phrase = '']) => ({ phrase, say, pattern: patternOf(phrase) })),
  );
}

function sectionOf(page: string): string {
  const [, after = ''] = page.split(`\n${HEADING}\n`);
  return after.split('\n## ')[0] ?? '';
}

/** Whole words, whatever stands between them; `*` is any rest of a word. */
function patternOf(phrase: string): RegExp {
  const words = phrase.split(' ').map((word) => {
    return word.replaceAll(/[.*+?^${}()|[\]\\]/g, (sign) => (sign === '*' ? "[\\p{L}'’]*" : `\\${sign}`));
  });
  return new RegExp(`(?<![\\p{L}\\p{N}_])${words.join('\\s+')}(?![\\p{L}\\p{N}_])`, 'iu');
}

/** What a text should say in another way, one line for each. */
export function retiredIn(text: string, phrases: readonly RetiredPhrase[]): string[] {
  return phrases.flatMap(({ pattern, phrase, say }) => {
    const found = pattern.exec(text);
    if (found === null) return [];
    const around = text
      .slice(Math.max(0, found.index - 30), found.index + found[0].length + 30)
      .replaceAll(/\s+/g, ' ');
    return [`'${phrase}' in "${around}": say ${say}`];
  });
}
