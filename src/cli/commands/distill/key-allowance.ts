/** @file What is going to leave this machine for an endpoint is said, and a retort.yaml sends no key unasked. */
import { realpath } from 'node:fs/promises';
import process from 'node:process';
import { OptionError } from '../../../errors/failures.js';
import { isThisMachine } from '../../../teachers/endpoint-options.js';
import type { CommandIo } from '../../command.js';
import { allow, allowancesPath, isAllowed } from '../../config/allowances.js';
import type { EndpointFlags } from './endpoint-flags.js';

/** One line for whoever did not write the config: where texts, key and prompt go. */
export function departureLine({ options, variable, promptFile }: EndpointFlags, data: string): string {
  const url = new URL(options.url);
  const parts = [
    `texts of ${data}`,
    ...(variable === undefined ? [] : [`the key in ${variable}`]),
    ...(promptFile === undefined ? [] : [`the prompt in ${promptFile}`]),
  ];
  const isOpen = url.protocol === 'http:' && !isThisMachine(url);
  return `${url.origin} gets ${parts.join(', ')}${isOpen ? '; over plain http, so that others on the way can read it' : ''}`;
}

/**
 * A config that came with a project may name any variable and any host. Where either of the two is its word and not a
 * flag, the user's is needed: kept from an earlier time, given by `--allow_key_env`, or asked for at the terminal.
 * @throws OptionError without it.
 */
export async function expectKeyAllowed(
  { options, variable }: EndpointFlags,
  flags: { readonly apiKeyEnv?: string | undefined; readonly allowKeyEnv?: string | undefined },
  { fromConfig, confirm }: Pick<CommandIo, 'fromConfig' | 'confirm'>,
): Promise<void> {
  const { allowKeyEnv } = flags;
  if (allowKeyEnv !== undefined && allowKeyEnv !== variable) {
    const wanted = variable === undefined ? 'an endpoint that gets a key' : `${variable}, whose key is to be sent`;
    throw new OptionError({ where: '--allow_key_env', wanted, got: `'${allowKeyEnv}'` });
  }
  if (variable === undefined || fromConfig === undefined || allowKeyEnv !== undefined) return;
  const namesVariable = fromConfig.options.has('apiKeyEnv');
  if (!namesVariable && (flags.apiKeyEnv !== undefined || !fromConfig.options.has('teacher'))) return;
  const path = allowancesPath(process.env);
  const host = new URL(options.url).origin;
  const asked = { config: await realpath(fromConfig.path), host, variable };
  if (await isAllowed(path, asked)) return;
  const answer = await confirm?.(`${asked.config} asks to send the key in ${variable} to ${host}. Allow it?`);
  if (answer === true) return allow(path, asked);
  throw new OptionError({
    where: namesVariable ? '--api_key_env' : '--teacher',
    wanted: `your word that the key in ${variable} may go to ${host}`,
    got: answer === undefined ? 'none' : 'no',
    fix: `if you trust this config, add --allow_key_env ${variable}`,
  });
}
