/** @file What a help page says of methods: their names, or the options of the one that is named. All from the methods' own data. */
import { type AnyMethodFactory, wholeSpec } from '../methods/define-method.js';
import { METHODS } from '../methods/table.js';
import { wantedText } from '../options/option-spec.js';
import { foldWords } from './fold-words.js';

const INDENT = '  ';
/** What is not an option of `--method_options` alone. */
const FLAGS: Readonly<Record<string, string>> = { alpha: '--alpha', temperature: '--temperature' };

/** @param words of the command line behind the command, flags in their snake_case form. */
export function methodHelp(words: readonly string[], columns: number): string {
  const name = flagValue(words, '--method');
  const names = Object.keys(METHODS);
  if (name === undefined || !Object.hasOwn(METHODS, name)) {
    const text = `${names.join(', ')}. The options of one: retort distill --method pkd --help`;
    return ['Methods (--method):', ...folded(text, columns, INDENT)].join('\n');
  }
  const { definition, beside }: AnyMethodFactory = METHODS[name as keyof typeof METHODS];
  const { options } = definition;
  const items = Object.entries(options).map(([option, given]) => {
    const spec = wholeSpec(given);
    const text = `${spec.help} (${wantedText(spec)}) [default: ${spec.default}]`;
    return [`${INDENT}${FLAGS[option] ?? option}`, ...folded(text, columns, INDENT.repeat(3))].join('\n');
  });
  const title = folded(`Options of method ${name} (--method_options name=value,…):`, columns, '');
  const more = `and the options of the method given by ${beside?.option}: ${Object.keys(beside?.specs ?? {}).join(', ')}`;
  return [
    ...title,
    ...(items.length === 0 ? [`${INDENT}none`] : items),
    ...(beside === undefined ? [] : folded(more, columns, INDENT)),
  ].join('\n');
}

function folded(text: string, columns: number, indent: string): string[] {
  return foldWords(text.split(' '), columns - indent.length).map((line) => indent + line);
}

/** As written apart or with an equals sign. */
function flagValue(words: readonly string[], flag: string): string | undefined {
  const at = words.indexOf(flag);
  return at >= 0 ? words[at + 1] : words.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1);
}
