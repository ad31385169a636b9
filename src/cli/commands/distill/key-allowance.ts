/** @file What is going to leave this machine for an endpoint is said, and a retort.yaml sends no key unasked. */
import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, relative, sep } from 'node:path';
import process from 'node:process';
import { OptionError } from '../../../errors/failures.js';
import { ASK_SETTINGS } from '../../../experiments/asking/ask-settings.js';
import { type Departure, SENT_FILES } from '../../../experiments/distillation/named-endpoint.js';
import { inputFailure } from '../../../files/file-failure.js';
import { isThisMachine } from '../../../outside/asking/endpoint-options.js';
import type { CommandIo } from '../../command.js';
import { allow, allowancesPath, isAllowed } from '../../config/allowances.js';
import { flagName } from '../../options.js';

/** One line for whoever did not write the config: where texts, key and prompt go. */
export function departureLine({ host, variable, files, data }: Departure): string {
  const url = new URL(host);
  const parts = [
    `texts of ${data}`,
    ...(variable === undefined ? [] : [`the key in ${variable}`]),
    ...files.map(({ option, path }) => `the ${SENT_FILES[option]} in ${path}`),
  ];
  const isOpen = url.protocol === 'http:' && !isThisMachine(url);
  return `${host} gets ${parts.join(', ')}${isOpen ? '; over plain http, where it can be intercepted' : ''}`;
}

/** @throws OptionError for a key that may be sent where none is. */
export function expectEndpoint({
  teacher,
  allowKeyEnv,
}: {
  readonly teacher: string;
  readonly allowKeyEnv: string | undefined;
}): void {
  if (allowKeyEnv === undefined || /^https?:/iu.test(teacher)) return;
  const wanted = 'the URL of a language or decision model as --teacher';
  throw new OptionError({ where: '--allow_key_env', wanted, got: `--teacher ${teacher}`, fix: 'leave the flag out' });
}

/**
 * Says what leaves. A config that came with a project may name any variable and any host. Where either of the two is its
 * word and not a flag, the user's is needed: kept from an earlier time, given by `--allow_key_env`, or asked for at the
 * terminal.
 * @throws OptionError without it, and for the file of a prompt that is not the config's own.
 */
export async function expectKeyAllowed(
  departure: Departure,
  flags: { readonly apiKeyEnv?: string | undefined; readonly allowKeyEnv?: string | undefined },
  { fromConfig, confirm, say }: Pick<CommandIo, 'fromConfig' | 'confirm' | 'say'>,
): Promise<void> {
  const { host, variable, files, isAsked } = departure;
  for (const file of files) if (fromConfig?.options.has(file.option)) await expectBeside(file, fromConfig.path);
  say(departureLine(departure));
  if (!isAsked) return;
  const { allowKeyEnv } = flags;
  if (allowKeyEnv !== undefined && allowKeyEnv !== variable) {
    const wanted = variable === undefined ? 'an endpoint that needs a key' : `${variable}, the variable of the key`;
    throw new OptionError({ where: '--allow_key_env', wanted, got: `'${allowKeyEnv}'` });
  }
  if (variable === undefined || fromConfig === undefined || allowKeyEnv !== undefined) return;
  const namesVariable = fromConfig.options.has('apiKeyEnv');
  if (!namesVariable && (flags.apiKeyEnv !== undefined || !fromConfig.options.has('teacher'))) return;
  const path = allowancesPath(process.env);
  const asked = { config: await realpath(fromConfig.path), host, variable };
  if (await isAllowed(path, asked)) return;
  const answer = await confirm?.(`${asked.config} asks to send the key in ${variable} to ${host}. Allow it?`);
  if (answer === true) return allow(path, asked);
  throw new OptionError({
    where: namesVariable ? '--api_key_env' : '--teacher',
    wanted: `your consent to send the key in ${variable} to ${host}`,
    got: answer === undefined ? 'none' : 'no',
    fix: `if you trust this config, add --allow_key_env ${variable}`,
  });
}

/** A config that came with a project may name any file, which would go out: it has those of its own folder. */
async function expectBeside({ option, path }: Departure['files'][number], config: string): Promise<void> {
  const flag = `--${flagName(option, ASK_SETTINGS[option])}`;
  const [folder, file] = await Promise.all([dirname(config), path].map(realPath));
  const way = relative(folder ?? '', file ?? '');
  if (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)) return;
  throw new OptionError({
    where: flag,
    wanted: `a file in ${folder}, the folder of the config`,
    got: String(file),
    fix: `copy it there, or name it yourself: ${flag} @${path}`,
  });
}

function realPath(path: string): Promise<string> {
  return realpath(path).catch((error) => Promise.reject(inputFailure(error, path)));
}
