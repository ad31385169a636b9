/** @file The token without which nobody reads from a store over HTTP, or writes to it. */
import { OptionError } from '../errors/failures.js';
import { keepSecret } from '../errors/secrets.js';

/** It is in no command line, job or record. */
export const TOKEN_VARIABLE = 'RETORT_STORE_TOKEN';
const FEWEST = 16;
const MOST = 512;

/** The token, which no message shows from now on. @throws OptionError for one that is missing, or can be guessed. */
export function storeToken(token: string | undefined): string {
  if (token !== undefined) keepSecret(token);
  if (token !== undefined && token.length >= FEWEST && token.length <= MOST && /^[\x21-\x7e]+$/.test(token))
    return token;
  throw new OptionError({
    where: TOKEN_VARIABLE,
    wanted: `a token of ${FEWEST} to ${MOST} letters, digits and signs without spaces, the same on every machine`,
    got: !token
      ? 'none'
      : /^[\x21-\x7e]+$/.test(token)
        ? `${token.length} characters`
        : 'one with spaces or other signs',
    fix: 'make one with: openssl rand -hex 24',
  });
}
