/**
 * @file Under which names a server is asked. A page of any site can make its own name lead to this machine (DNS rebinding), and
 * a browser then lets it post here and read the reply. Its requests still say what they were meant for (`Host`) and where the
 * page is from (`Origin`), which no script can change. An address in numbers cannot be rebound, a name can.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { OptionError } from '../errors/failures.js';
import { RequestFailure } from './request-failure.js';

/** A host name or an address, as in a URL without its port. */
const NAME = /^(?:[\w-]+(?:\.[\w-]+)*|\[[\da-f:.]+\])$/i;

/**
 * @param host that the server listens at
 * @param listed names besides, separated by commas
 * @returns what throws a RequestFailure for a request that names another host, or comes from a page of one.
 * @throws OptionError for what is no host name.
 */
export function hostCheck(host: string, listed = ''): (headers: IncomingHttpHeaders) => void {
  const names = new Set([host.toLowerCase(), ...listed.split(',').flatMap((name) => named(name.trim()))]);
  const isNamed = (name: string) => isThisMachine(name) || names.has(name);
  return ({ host: given, origin }) => {
    // Browsers always send it, and HTTP/1.1 asks for it.
    if (given === undefined) return;
    const asked = nameIn(`http://${given}`);
    if (asked === undefined || !(isNamed(asked) || isIP(bare(asked)) > 0)) throw refusal('Host', given);
    if (origin === undefined) return;
    const page = nameIn(origin);
    if (page === undefined || !(isNamed(page) || page === asked)) throw refusal('Origin', origin);
  };
}

/** By its name, or any address of the loopback network. */
export function isThisMachine(host: string): boolean {
  const name = bare(host);
  return name === 'localhost' || name === '::1' || /^127(?:\.\d+){3}$/.test(name);
}

function named(name: string): readonly string[] {
  if (name === '') return [];
  if (NAME.test(name)) return [name.toLowerCase()];
  throw new OptionError({
    where: 'allowedHosts',
    wanted: 'host names separated by commas, without http:// and ports',
    got: JSON.stringify(name),
    fix: 'write them as app.example.com,retort',
  });
}

/** Undefined for `null`, which a page without an address says, and for all that is no URL. */
function nameIn(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname.toLowerCase() : undefined;
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

function refusal(header: string, got: string): RequestFailure {
  const wanted = 'wanted an address in numbers, localhost or a name that --allowed_hosts lists';
  return new RequestFailure('forbidden', `${header}: ${wanted}, got ${got.slice(0, 200)}`);
}
