/** @file A language model as a teacher, from flags: prompt, label words, prices, key. */
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { OptionError } from '../../errors/failures.js';
import { nearest } from '../../errors/nearest.js';
import { inputFailure } from '../../files/file-failure.js';
import type { EndpointOptions } from '../../teachers/endpoint-options.js';
import { parseDecimal } from '../decimal.js';
import type { OptionValues } from '../options.js';
import type { teacherOptions } from './teacher-options.js';

type Flags = OptionValues<typeof teacherOptions>;

const DEFAULT_KEY = 'OPENAI_API_KEY';
const NO_KEY = 'none';

/** What the flags say of an endpoint. @throws OptionError, FileError for what they do not say right. */
export async function endpointFlags(
  url: string,
  flags: Flags,
  labelNames: readonly string[],
): Promise<Omit<EndpointOptions, 'log'>> {
  const { teacherModel = '', teacherSamples, maxCost } = flags;
  const apiKey = keyOf(url, flags);
  const prompt = await promptOf(flags);
  const labelWords = wordsOf(flags, labelNames);
  const prices = pricesOf(flags);
  return {
    url,
    model: teacherModel,
    labelNames,
    ...(apiKey !== undefined && { apiKey }),
    ...(prompt !== undefined && { prompt }),
    ...(labelWords && { labelWords }),
    ...(teacherSamples !== undefined && { samples: teacherSamples }),
    ...(prices && { prices }),
    ...(maxCost !== undefined && { maxCost }),
  };
}

/** A key goes out unasked only over https: nobody on the way may read it. */
function keyOf(url: string, { apiKeyEnv }: Flags): string | undefined {
  if (apiKeyEnv === NO_KEY || (apiKeyEnv === undefined && !/^https:/iu.test(url))) return undefined;
  const name = apiKeyEnv ?? DEFAULT_KEY;
  const key = process.env[name]?.trim();
  if (key !== undefined && key !== '') return key;
  throw new OptionError({
    where: '--api_key_env',
    wanted: `a key in the environment variable ${name}`,
    got: 'none',
    fix: `set it, name another variable, or say --api_key_env ${NO_KEY} for a server that wants none`,
  });
}

async function promptOf({ teacherPrompt: text }: Flags): Promise<string | undefined> {
  if (text === undefined || !text.startsWith('@')) return text;
  const path = text.slice(1);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw inputFailure(error, path);
  }
}

/** `positive=positive|good,negative=bad`. */
function wordsOf({ teacherWords }: Flags, labelNames: readonly string[]): Record<string, string[]> | undefined {
  if (teacherWords === undefined) return undefined;
  return Object.fromEntries(
    teacherWords.split(',').map((part) => {
      const [label = '', words] = part.split('=').map((side) => side.trim());
      const named = (words ?? '').split('|').map((word) => word.trim());
      if (words === undefined || named.includes('')) {
        const wanted = 'label=word|word, parted by commas';
        throw new OptionError({ where: '--teacher_words', wanted, got: `'${part}'` });
      }
      if (labelNames.includes(label)) return [label, named];
      const near = nearest(label, labelNames);
      throw new OptionError({
        where: '--teacher_words',
        wanted: `labels of the data: ${labelNames.slice(0, 12).join(', ')}`,
        got: `'${label}'`,
        ...(near !== undefined && { fix: `did you mean ${near}?` }),
      });
    }),
  );
}

function pricesOf({ prices }: Flags): EndpointOptions['prices'] | undefined {
  if (prices === undefined) return undefined;
  const [input, output, ...more] = prices.split(',').map((part) => parseDecimal(part.trim()));
  if (input !== undefined && output !== undefined && more.length === 0 && input >= 0 && output >= 0) {
    return { input, output };
  }
  throw new OptionError({
    where: '--prices',
    wanted: 'two numbers from 0, of a million tokens read and written, such as 0.15,0.6',
    got: `'${prices}'`,
  });
}
