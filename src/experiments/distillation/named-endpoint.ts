/** @file A language model as a teacher, from settings: prompt, label words, prices, key. */

import process from 'node:process';
import { OptionError } from '../../errors/failures.js';
import { nearest } from '../../errors/nearest.js';
import { textIn } from '../../files/path-entry.js';
import { parseDecimal } from '../../options/decimal.js';
import { defined, type Given } from '../../options/given.js';
import type { EndpointOptions } from '../../teachers/endpoint-options.js';
import type { TeacherSettings } from './teacher-settings.js';

type Settings = Given<Omit<TeacherSettings, 'teacher'>>;

const DEFAULT_KEY = 'OPENAI_API_KEY';
const NO_KEY = 'none';

/** What is going to leave this machine. */
export type Departure = {
  /** Scheme, name and port of the endpoint. */
  readonly host: string;
  /** The texts that are sent, by the names of their files or sets. */
  readonly data: string;
  /** The environment variable whose key is sent; undefined where none is. */
  readonly variable: string | undefined;
  /** The file of a prompt that is sent. */
  readonly promptFile: string | undefined;
  /** Whether it is sent now: a plan asks nobody. */
  readonly isAsked: boolean;
};

/** @throws OptionError, FileError for what the settings do not say right. */
export async function namedEndpoint(
  url: string,
  settings: Settings,
  labelNames: readonly string[],
): Promise<{
  readonly options: Omit<EndpointOptions, 'log'>;
  readonly departure: Omit<Departure, 'data' | 'isAsked'>;
}> {
  const { teacherModel = '', teacherSamples, maxCost, insecureHttp, teacherPrompt } = settings;
  const variable = variableOf(url, settings);
  const promptFile = teacherPrompt?.startsWith('@') === true ? teacherPrompt.slice(1) : undefined;
  const prompt = promptFile === undefined ? teacherPrompt : await textIn(promptFile);
  const options = {
    url,
    model: teacherModel,
    labelNames,
    ...defined({ apiKey: variable && keyIn(variable), insecureHttp: insecureHttp || undefined, prompt }),
    ...defined({ labelWords: wordsOf(settings, labelNames), samples: teacherSamples }),
    ...defined({ prices: pricesOf(settings), maxCost }),
  };
  return { options, departure: { host: URL.canParse(url) ? new URL(url).origin : url, variable, promptFile } };
}

/** A key goes out unasked only over https: nobody on the way may read it. */
function variableOf(url: string, { apiKeyEnv }: Settings): string | undefined {
  if (apiKeyEnv === NO_KEY || (apiKeyEnv === undefined && !/^https:/iu.test(url))) return undefined;
  const name = apiKeyEnv ?? DEFAULT_KEY;
  if (/^\w+$/u.test(name)) return name;
  // Not shown: it may well be the key itself.
  throw new OptionError({
    where: 'apiKeyEnv',
    wanted: 'the name of an environment variable',
    got: 'something else',
    fix: `put the key into a variable such as ${DEFAULT_KEY}, and name that`,
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

function pricesOf({ prices }: Settings): EndpointOptions['prices'] | undefined {
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
