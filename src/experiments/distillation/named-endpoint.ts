/** @file A language or decision model as a teacher, from settings: what is asked, prices, key, terms. */

import process from 'node:process';
import { OptionError } from '../../errors/failures.js';
import { nearest } from '../../errors/nearest.js';
import { shortened } from '../../errors/shortened.js';
import { textIn } from '../../files/path-entry.js';
import { parseDecimal } from '../../options/decimal.js';
import { defined, type Given } from '../../options/given.js';
import { isJsonObject, parsedJson } from '../../options/json.js';
import type { ClientOptions } from '../../outside/asking/endpoint-client.js';
import type { ChatOptions } from '../../outside/asking/endpoint-options.js';
import type { OutsideOptions } from '../../outside/asking/outside-options.js';
import type { DecisionQuestion } from '../../outside/decisions/decision.js';
import { type TeacherTerms, termsOf } from '../../teachers/terms.js';
import { DEFAULT_FORMAT, ENDPOINT_FORMATS } from './endpoint-formats.js';
import type { TeacherSettings } from './teacher-settings.js';

type Settings = Given<Omit<TeacherSettings, 'teacher'>>;

/** Options of all formats; those of another than the one that is spoken are absent. */
export type NamedOptions = ClientOptions &
  Omit<OutsideOptions, 'log'> &
  Omit<ChatOptions, 'model' | 'labelNames'> &
  Omit<DecisionQuestion, 'labelNames'>;

const NO_KEY = 'none';

/** Settings whose text is sent, and may be in a file. */
export const SENT_TEXTS = {
  teacherPrompt: 'prompt',
  teacherInstructions: 'instructions',
  teacherCriteria: 'descriptions',
} as const;

/** Those, and what only `ask` sends. */
export const SENT_FILES = { ...SENT_TEXTS, questions: 'questions' } as const;

/** What is going to leave this machine. */
export type Departure = {
  /** Scheme, name and port of the endpoint. */
  readonly host: string;
  /** The texts that are sent, by the names of their files or sets. */
  readonly data: string;
  /** The environment variable whose key is sent; undefined where none is. */
  readonly variable: string | undefined;
  /** Files whose texts are sent, and the setting that names each. */
  readonly files: readonly { readonly option: keyof typeof SENT_FILES; readonly path: string }[];
  /** Whether it is sent now: a plan asks nobody. */
  readonly isAsked: boolean;
};

/** @throws OptionError, FileError for what the settings do not say right. */
export async function namedEndpoint(
  url: string,
  settings: Settings,
  labelNames: readonly string[],
): Promise<{
  readonly options: NamedOptions;
  readonly terms: TeacherTerms;
  readonly departure: Omit<Departure, 'data' | 'isAsked'>;
}> {
  const { teacherModel = '', teacherSamples, teacherPath, teacherConcurrency, maxCost, insecureHttp } = settings;
  const variable = variableOf(url, settings);
  const prompt = await textOf(settings, 'teacherPrompt');
  const instructions = await textOf(settings, 'teacherInstructions');
  const criteria = await textOf(settings, 'teacherCriteria');
  const options: NamedOptions = {
    url,
    model: teacherModel,
    labelNames,
    ...defined({ path: teacherPath, concurrency: teacherConcurrency }),
    // Who says what the terms are has read them.
    ...(settings.teacherTerms !== undefined && { enforceDistillableText: false }),
    ...defined({ apiKey: variable && keyIn(variable), insecureHttp: insecureHttp || undefined, prompt: prompt.text }),
    ...defined({ labelWords: wordsOf(settings, labelNames), samples: teacherSamples }),
    ...defined({ answerBy: settings.teacherAnswers, rotations: settings.teacherRotations }),
    ...defined({ structured: settings.teacherStructured || undefined }),
    ...defined({ instructions: instructions.text, criteria: criteriaIn(criteria.text) }),
    ...defined({ prices: pricesOf(settings), maxCost }),
  };
  const files = [prompt, instructions, criteria].flatMap(({ file }) => file ?? []);
  return {
    options,
    terms: namedTerms(url, settings),
    departure: { host: URL.canParse(url) ? new URL(url).origin : url, variable, files },
  };
}

/** What the user says of them, else what is known of the host. */
export function namedTerms(name: string, { teacherTerms, termsSource, termsDate }: Settings): TeacherTerms {
  if (termsDate !== undefined && !/^\d{4}-\d\d-\d\d$/u.test(termsDate)) {
    throw new OptionError({ where: 'termsDate', wanted: 'a date such as 2026-11-28', got: `'${termsDate}'` });
  }
  if (teacherTerms === undefined) return termsOf(name);
  return { status: teacherTerms, ...defined({ source: termsSource, date: termsDate }) };
}

/** A text, or @ and the file that has it. */
async function textOf(settings: Settings, option: keyof typeof SENT_TEXTS) {
  const given = settings[option];
  if (given?.startsWith('@') !== true) return { text: given };
  const path = given.slice(1);
  return { text: await textIn(path), file: { option, path } };
}

/** The labels that a decision model is told of, with their descriptions. @throws as `namedEndpoint` does. */
export async function namedCriteria(settings: Settings): Promise<Record<string, string | null> | undefined> {
  return criteriaIn((await textOf(settings, 'teacherCriteria')).text);
}

function criteriaIn(text: string | undefined): Record<string, string | null> | undefined {
  if (text === undefined) return undefined;
  const given = parsedJson(text);
  const isDescription = (value: unknown) => value === null || typeof value === 'string';
  if (isJsonObject(given) && Object.keys(given).length > 0 && Object.values(given).every(isDescription)) {
    return given as Record<string, string | null>; // every value was looked at
  }
  throw new OptionError({
    where: 'teacherCriteria',
    wanted: 'labels, each with a description or null, in JSON: {"billing": "money matters", "tech": null}',
    got: shortened(text),
  });
}

/** A key goes out unasked only over https: nobody on the way may read it. */
function variableOf(url: string, { apiKeyEnv, teacherFormat = DEFAULT_FORMAT }: Settings): string | undefined {
  if (apiKeyEnv === NO_KEY || (apiKeyEnv === undefined && !/^https:/iu.test(url))) return undefined;
  const { keyVariable } = ENDPOINT_FORMATS[teacherFormat];
  const name = apiKeyEnv ?? keyVariable;
  if (/^\w+$/u.test(name)) return name;
  // Not shown: it may well be the key itself.
  throw new OptionError({
    where: 'apiKeyEnv',
    wanted: 'the name of an environment variable',
    got: 'something else',
    fix: `put the key into a variable such as ${keyVariable}, and name that`,
  });
}

function keyIn(name: string): string {
  const key = process.env[name]?.trim();
  if (key !== undefined && key !== '') return key;
  throw new OptionError({
    where: 'apiKeyEnv',
    wanted: `a key in the environment variable ${name}`,
    got: 'none',
    fix: `set it, name another variable, or pass ${NO_KEY} for a server without keys`,
  });
}

/** `positive=positive|good,negative=bad`. */
function wordsOf({ teacherWords }: Settings, labelNames: readonly string[]): Record<string, string[]> | undefined {
  if (teacherWords === undefined) return undefined;
  return Object.fromEntries(
    teacherWords.split(',').map((part) => {
      const [label = '', words] = part.split('=').map((side) => side.trim());
      const named = (words ?? '').split('|').map((word) => word.trim());
      if (words === undefined || named.includes('')) {
        const wanted = 'label=word|word, separated by commas';
        throw new OptionError({ where: 'teacherWords', wanted, got: `'${part}'` });
      }
      if (labelNames.includes(label)) return [label, named];
      const near = nearest(label, labelNames);
      throw new OptionError({
        where: 'teacherWords',
        wanted: `labels of the data: ${labelNames.slice(0, 12).join(', ')}`,
        got: `'${label}'`,
        ...(near !== undefined && { fix: `did you mean ${near}?` }),
      });
    }),
  );
}

function pricesOf({ prices }: Settings): OutsideOptions['prices'] | undefined {
  if (prices === undefined) return undefined;
  const [input, output, ...more] = prices.split(',').map((part) => parseDecimal(part.trim()));
  if (input !== undefined && output !== undefined && more.length === 0 && input >= 0 && output >= 0) {
    return { input, output };
  }
  throw new OptionError({
    where: 'prices',
    wanted: 'two numbers ≥ 0, prices of a million input and output tokens, such as 0.15,0.6',
    got: `'${prices}'`,
  });
}
