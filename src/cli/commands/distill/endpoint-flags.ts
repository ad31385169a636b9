/** @file A language model as a teacher, from flags: prompt, label words, prices, key. */
import { readFile, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, relative, sep } from 'node:path';
import process from 'node:process';
import { OptionError } from '../../../errors/failures.js';
import { nearest } from '../../../errors/nearest.js';
import type { TEACHER_SETTINGS } from '../../../experiments/distillation/teacher-settings.js';
import { inputFailure } from '../../../files/file-failure.js';
import { parseDecimal } from '../../../options/decimal.js';
import type { EndpointOptions } from '../../../teachers/endpoint-options.js';
import type { ConfigSource } from '../../command.js';
import type { OptionValues } from '../../options.js';

type Flags = OptionValues<typeof TEACHER_SETTINGS>;

const DEFAULT_KEY = 'OPENAI_API_KEY';
const NO_KEY = 'none';

/** What the flags say of an endpoint, and where its key and prompt are from. */
export type EndpointFlags = {
  readonly options: Omit<EndpointOptions, 'log'>;
  /** The environment variable of the key; undefined where none is sent. */
  readonly variable: string | undefined;
  readonly promptFile: string | undefined;
};

/**
 * @param fromConfig whose word some of the flags are.
 * @throws OptionError, FileError for what they do not say right.
 */
export async function endpointFlags(
  url: string,
  flags: Flags,
  labelNames: readonly string[],
  fromConfig?: ConfigSource,
): Promise<EndpointFlags> {
  const { teacherModel = '', teacherSamples, maxCost, insecureHttp } = flags;
  const variable = variableOf(url, flags);
  const promptFile = flags.teacherPrompt?.startsWith('@') === true ? flags.teacherPrompt.slice(1) : undefined;
  if (promptFile !== undefined && fromConfig?.options.has('teacherPrompt')) {
    await expectBeside(promptFile, fromConfig.path);
  }
  const prompt = promptFile === undefined ? flags.teacherPrompt : await textOf(promptFile);
  const labelWords = wordsOf(flags, labelNames);
  const prices = pricesOf(flags);
  const options = {
    url,
    model: teacherModel,
    labelNames,
    ...(variable !== undefined && { apiKey: keyIn(variable) }),
    ...(insecureHttp && { insecureHttp }),
    ...(prompt !== undefined && { prompt }),
    ...(labelWords && { labelWords }),
    ...(teacherSamples !== undefined && { samples: teacherSamples }),
    ...(prices && { prices }),
    ...(maxCost !== undefined && { maxCost }),
  };
  return { options, variable, promptFile };
}

/** A key goes out unasked only over https: nobody on the way may read it. */
function variableOf(url: string, { apiKeyEnv }: Flags): string | undefined {
  if (apiKeyEnv === NO_KEY || (apiKeyEnv === undefined && !/^https:/iu.test(url))) return undefined;
  const name = apiKeyEnv ?? DEFAULT_KEY;
  if (/^\w+$/u.test(name)) return name;
  // Not shown: it may well be the key itself.
  throw new OptionError({
    where: '--api_key_env',
    wanted: 'the name of an environment variable',
    got: 'something else',
    fix: `put the key into a variable such as ${DEFAULT_KEY}, and name that`,
  });
}

function keyIn(name: string): string {
  const key = process.env[name]?.trim();
  if (key !== undefined && key !== '') return key;
  throw new OptionError({
    where: '--api_key_env',
    wanted: `a key in the environment variable ${name}`,
    got: 'none',
    fix: `set it, name another variable, or say --api_key_env ${NO_KEY} for a server that wants none`,
  });
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw inputFailure(error, path);
  }
}

/** A config that came with a project may name any file, which would go out: it has those of its own folder. */
async function expectBeside(path: string, config: string): Promise<void> {
  const [folder, file] = await Promise.all([dirname(config), path].map(realPath));
  const way = relative(folder ?? '', file ?? '');
  if (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)) return;
  throw new OptionError({
    where: '--teacher_prompt',
    wanted: `a file in ${folder}, the folder of the config`,
    got: String(file),
    fix: `copy it there, or name it yourself: --teacher_prompt @${path}`,
  });
}

function realPath(path: string): Promise<string> {
  return realpath(path).catch((error) => Promise.reject(inputFailure(error, path)));
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
