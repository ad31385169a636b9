/**
 * @file What must never be shown: keys and tokens that this process sends. Servers and libraries repeat them, whole, cut,
 * or in another spelling; what is said of them goes through here before anything is cut off or written down.
 */

import { redactor } from './redactor.js';

/** So many characters of a secret in a row are taken out, wherever they come from. */
const RUN = 8;
/** A shorter word than this is in every other text, and no key. */
const SHORTEST = 4;
const SHOWN = '[key]';

/** All runs of the secrets and of their base64 forms. */
const runs = new Set<string>();
/** Secrets shorter than a run: they are taken out as whole words. */
const shortOnes = new Set<string>();

/** A character, or what stands for one in JSON (also twice), in a URL or in HTML. */
const UNITS =
  /\\+u(?<u>[0-9a-f]{4})|\\+x(?<x>[0-9a-f]{2})|\\+(?<c>.)|%(?:25)*(?<p>[0-9a-f]{2})|&#(?<d>\d{1,4});|&#x(?<h>[0-9a-f]{1,4});|./gisu;

/** From now on it is not shown. */
export function keepSecret(secret: string): void {
  redactor.current = { text: redacted, cause: withoutSecrets };
  if (secret.length >= SHORTEST && secret.length < RUN) shortOnes.add(normal(secret));
  for (const form of [secret, plainOf(secret).plain, ...base64Forms(secret)]) {
    for (let at = 0; at + RUN <= form.length; at++) runs.add(normal(form.slice(at, at + RUN)));
  }
}

/**
 * A text without the secrets that it repeats.
 * @param sent What we have said ourselves: no part of it is a secret.
 */
export function redacted(text: string, sent = ''): string {
  if (runs.size === 0 && shortOnes.size === 0) return text;
  const { units, plain } = plainOf(text);
  // A prompt is long, and secrets are rare.
  let said: string | undefined;
  const isOurs = (part: string): boolean => {
    said ??= normal(sent);
    return said.includes(part);
  };
  const isSecret = new Uint8Array(units.length);
  for (let at = 0; at < units.length; at++) {
    const run = plain.slice(at, at + RUN);
    if (runs.has(run) && !isOurs(run)) isSecret.fill(1, at, at + RUN);
  }
  for (const { 0: word, index } of plain.matchAll(/[^\s"'`,;:=()<>[\]{}]*[^\s"'`,;:=()<>[\]{}.]/gu)) {
    if (shortOnes.has(word) && !isOurs(word)) isSecret.fill(1, index, index + word.length);
  }
  return units.map((unit, i) => (isSecret[i] ? (isSecret[i - 1] ? '' : SHOWN) : unit)).join('');
}

/** What an error that is no error of ours says, without secrets; itself where it has none. */
export function withoutSecrets(cause: unknown): unknown {
  if (typeof cause === 'string') return redacted(cause);
  if (!(cause instanceof Error)) return cause;
  const inner = withoutSecrets(cause.cause);
  const message = redacted(cause.message);
  const stack = redacted(cause.stack ?? '');
  if (message === cause.message && stack === (cause.stack ?? '') && inner === cause.cause) return cause;
  const told = new Error(message, inner === undefined ? undefined : { cause: inner });
  return Object.assign(told, { name: cause.name, stack });
}

/** A text's units, and the character that each stands for. */
function plainOf(text: string): { readonly units: readonly string[]; readonly plain: string } {
  const found = [...text.matchAll(UNITS)];
  return { units: found.map(([unit]) => unit), plain: found.map(characterOf).join('') };
}

function characterOf({ 0: unit, groups = {} }: RegExpMatchArray): string {
  const { u, x, c, p, d, h } = groups;
  const hex = u ?? x ?? p ?? h;
  const character = hex !== undefined ? Number.parseInt(hex, 16) : d !== undefined ? Number(d) : undefined;
  // One character for each unit, so that places in the one are places in the other.
  return normal(character === undefined ? (c ?? unit) : String.fromCharCode(character)).charAt(0);
}

/** Of one length with the text. Case and the two alphabets of base64 make no difference. */
function normal(text: string): string {
  return text
    .replaceAll(/[A-Z]/gu, (letter) => letter.toLowerCase())
    .replaceAll('-', '+')
    .replaceAll('_', '/');
}

/** How it reads within base64, as of `user:SECRET`, by the place in a group of three bytes that it starts at. */
function base64Forms(secret: string): string[] {
  const bytes = String.fromCharCode(...new TextEncoder().encode(secret));
  return [0, 1, 2].map((before) => {
    const all = btoa('\0'.repeat(before) + bytes);
    // The first and the last characters depend on the neighbours too.
    return all.slice([0, 2, 3][before], Math.floor(((before + bytes.length) * 8) / 6));
  });
}
