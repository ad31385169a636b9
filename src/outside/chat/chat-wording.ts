/** @file How a language model is asked for a label, and by what its replies name one: labels in words, or codes of options. */
import { OptionError } from '../../errors/failures.js';
import type { ChatOptions, LabelledExample } from '../asking/endpoint-options.js';
import { LabelWords } from './label-words.js';
import { optionCodes, optionLines, structuredNames, structuredValue } from './option-codes.js';
import type { OptionNames } from './option-trie.js';

/** As many alternatives as servers tell of: with more labels, words of one would hide those of others. */
export const TOP_LOGPROBS = 20;

const QUESTION = 'Which label fits the text?';
const PAIR_QUESTION = 'Which label fits the two texts?';
const BY_LABEL = '{question} Answer with one of these labels and nothing else: {labels}\n\n{examples}';
const BY_CODE =
  '{question} These are the labels, each after its code. Answer with one code and nothing else.\n\n{options}\n\n{examples}';
const ONE = 'Text: {text}\n';
const TWO = 'First text: {text}\nSecond text: {pair}\n';
const LABEL = 'Label:';
const CODE = 'Code:';

type Message = { readonly role: string; readonly content: string };

export type ChatWording = {
  /** What a whole reply names; undefined for none, or several. */
  labelOf(reply: string, isCut: boolean): number | undefined;
  /** What the tokens of a reply may come to name. */
  readonly names: OptionNames;
  /** For each label what the reply is to be. */
  readonly replies: readonly string[];
  /** Tokens of a reply, at most. */
  readonly mostTokens: number;
  messages(text: string, pair: string | undefined): readonly Message[];
};

/** Tokens of the braces, quotes and the name of the field. */
const STRUCTURE_TOKENS = 16;

/** @throws OptionError for a prompt without a place for what is asked, examples of unknown labels, words beside codes. */
export function chatWording(options: ChatOptions): ChatWording {
  const { labelNames, labelWords, criteria, structured = false } = options;
  const isCoded = isByCode(options);
  const codes = isCoded ? optionCodes(labelNames.length) : undefined;
  const given = codes && Object.fromEntries(labelNames.map((label, i) => [label, codes[i] as string]));
  const words = new LabelWords(labelNames, given ?? labelWords);
  const replies = codes ?? labelNames.map((label) => [labelWords?.[label] ?? label].flat()[0] as string);
  checkExamples(options);
  const lines = codes === undefined ? describedLines(labelNames, criteria) : optionLines(codes, labelNames, criteria);
  return {
    labelOf: (reply, isCut) => words.labelOf(structured ? structuredValue(reply) : reply, isCut),
    names: structured ? structuredNames(words) : words,
    replies,
    mostTokens: words.mostTokens + (structured ? STRUCTURE_TOKENS : 0),
    messages: (text, pair) => {
      const { prompt = usualPrompt(pair !== undefined, isCoded), system } = options;
      expectPlaces(prompt, pair !== undefined, isCoded, options);
      const filling: Readonly<Record<string, string>> = {
        text,
        pair: pair ?? '',
        labels: replies.join(', '),
        options: lines,
        question: options.instructions ?? (pair === undefined ? QUESTION : PAIR_QUESTION),
        examples: examplesText(options, replies, isCoded),
      };
      const content = prompt.replaceAll(
        /\{(text|pair|labels|options|question|examples)\}/gu,
        (_, name: string) => filling[name] ?? '',
      );
      return [...(system === undefined ? [] : [{ role: 'system', content: system }]), { role: 'user', content }];
    },
  };
}

/** By code where a prompt has a place for options; without one, where there are many labels or they are described. */
function isByCode({ answerBy, prompt, labelNames, labelWords, criteria }: ChatOptions): boolean {
  if (answerBy === 'codes' && labelWords !== undefined) {
    throw new OptionError({
      where: 'answerBy',
      wanted: 'labels, which have words of their own (labelWords)',
      got: 'codes',
      fix: 'leave one of them out',
    });
  }
  if (answerBy !== undefined) return answerBy === 'codes';
  if (prompt !== undefined) return prompt.includes('{options}');
  return labelWords === undefined && (labelNames.length > TOP_LOGPROBS || criteria !== undefined);
}

function usualPrompt(isPair: boolean, isCoded: boolean): string {
  return `${isCoded ? BY_CODE : BY_LABEL}${isPair ? TWO : ONE}${isCoded ? CODE : LABEL}`;
}

function expectPlaces(prompt: string, isPair: boolean, isCoded: boolean, { examples }: ChatOptions): void {
  const places = [
    ['{pair}', isPair, 'for the second text'],
    ['{options}', isCoded, 'for codes, labels and descriptions'],
    ['{examples}', examples !== undefined, 'for the examples'],
  ] as const;
  for (const [place, isNeeded, what] of places) {
    if (!isNeeded || prompt.includes(place)) continue;
    throw new OptionError({
      where: 'prompt',
      wanted: `the placeholder ${place} ${what}`,
      got: 'none',
      fix: `add ${place}`,
    });
  }
}

function describedLines(labelNames: readonly string[], criteria: ChatOptions['criteria'] = {}): string {
  return labelNames.map((label) => (criteria[label] ? `${label}: ${criteria[label]}` : label)).join('\n');
}

function examplesText(
  { examples = [], labelNames }: ChatOptions,
  replies: readonly string[],
  isCoded: boolean,
): string {
  return examples
    .map(({ text, pair, label }) => {
      const asked = pair === undefined ? `Text: ${text}` : `First text: ${text}\nSecond text: ${pair}`;
      return `${asked}\n${isCoded ? CODE : LABEL} ${replies[labelNames.indexOf(label)]}\n\n`;
    })
    .join('');
}

function checkExamples({ examples = [], labelNames }: ChatOptions): void {
  const unknown = examples.find(({ label }: LabelledExample) => !labelNames.includes(label));
  if (unknown === undefined) return;
  const wanted = `examples of the labels ${labelNames.slice(0, 12).join(', ')}`;
  throw new OptionError({ where: 'examples', wanted, got: `'${unknown.label}'` });
}
