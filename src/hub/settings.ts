import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { OptionError } from '../errors/failures.js';
import { keepSecret } from '../errors/secrets.js';
import { errorCode, inputFailure } from '../files/file-failure.js';

export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

export type HubSettings = {
  /** Address of the hub, without a slash at its end. */
  readonly endpoint: string;
  /** The folder of its cache. */
  readonly cache: string;
  readonly isOffline: boolean;
  /** The secret, and where it is from, for messages: the secret itself is never shown. */
  readonly token: { readonly secret: string; readonly from: string } | undefined;
};

const PUBLIC_HUB = 'https://huggingface.co';
const TRUE_VALUES: ReadonlySet<string> = new Set(['1', 'ON', 'YES', 'TRUE']);

/** The folder of the hub's cache, by the variables that `huggingface_hub` obeys. */
export function hubCache(env: EnvironmentVariables = process.env): string {
  return env.HF_HUB_CACHE ? expanded(env.HF_HUB_CACHE) : join(hubHome(env), 'hub');
}

/**
 * What the environment says of the hub, with the variables of Python's `huggingface_hub`: `HF_ENDPOINT`, `HF_TOKEN` (else
 * the file `HF_TOKEN_PATH`, else `HF_HOME/token`), `HF_HOME`, `HF_HUB_CACHE`, `HF_HUB_OFFLINE`.
 * @throws OptionError for an endpoint that is no web address and for a token that cannot be sent; FileError for a token
 *   file that cannot be read.
 */
export async function hubSettings(env: EnvironmentVariables = process.env): Promise<HubSettings> {
  return {
    endpoint: endpointOf(env.HF_ENDPOINT || PUBLIC_HUB),
    cache: hubCache(env),
    isOffline: isTrue(env.HF_HUB_OFFLINE || env.TRANSFORMERS_OFFLINE),
    token: await tokenOf(env),
  };
}

function hubHome(env: EnvironmentVariables): string {
  if (env.HF_HOME) return expanded(env.HF_HOME);
  return join(env.XDG_CACHE_HOME ? expanded(env.XDG_CACHE_HOME) : join(homedir(), '.cache'), 'huggingface');
}

/** `~` is left to programs where a variable is set in a file and not by a shell. */
function expanded(path: string): string {
  return /^~(?=[\\/]|$)/.test(path) ? join(homedir(), path.slice(1)) : path;
}

function isTrue(value: string | undefined): boolean {
  return TRUE_VALUES.has((value ?? '').toUpperCase());
}

function endpointOf(written: string): string {
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.search + url.hash === '') {
    return written.replace(/\/+$/, '');
  }
  throw new OptionError({
    where: 'HF_ENDPOINT',
    wanted: `an address such as ${PUBLIC_HUB}, without a user name or query`,
    got: url?.username ? 'one with a user name' : JSON.stringify(written.slice(0, 200)),
    fix: 'unset it for the public hub',
  });
}

async function tokenOf(env: EnvironmentVariables): Promise<HubSettings['token']> {
  const written = env.HF_TOKEN?.trim();
  if (written) return sendable(written, 'HF_TOKEN');
  if (isTrue(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return undefined;
  const path = env.HF_TOKEN_PATH ? expanded(env.HF_TOKEN_PATH) : join(hubHome(env), 'token');
  try {
    const stored = (await readFile(path, 'utf8')).trim();
    return stored ? sendable(stored, path) : undefined;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return undefined;
    throw inputFailure(error, path);
  }
}

function sendable(secret: string, from: string): HubSettings['token'] {
  keepSecret(secret);
  if (/^[\x21-\x7e]{1,4096}$/.test(secret)) return { secret, from };
  throw new OptionError({
    where: from,
    wanted: 'an access token: letters and digits without spaces',
    got: 'something with spaces or other characters',
    fix: 'copy the token again from the settings of your account',
  });
}
