import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { FileError } from '../../src/errors/failures.js';
import { keepSecret, redacted } from '../../src/errors/secrets.js';

// Drawn by hand, with every kind of character that a spelling may change.
const KEY = 'sk-Pq7/zT+m2_Wx~9aB.cD4eF6gH8iJ0kL';
keepSecret(KEY);

const jsonUnits = [...KEY].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
const encoded = (user: string) => Buffer.from(`${user}${KEY}`).toString('base64');

describe('redacted', () => {
  test.each<[string, string, string]>([
    ['whole', `bad key ${KEY}, sorry`, 'bad key [key], sorry'],
    ['twice', `${KEY}${KEY} ${KEY}`, '[key] [key]'],
    ['in other case', KEY.toUpperCase(), '[key]'],
    ['its first eight characters', `key ${KEY.slice(0, 8)}…`, 'key [key]…'],
    ['eight from its middle', `key …${KEY.slice(11, 19)}…`, 'key …[key]…'],
    ['as providers mask it', `${KEY.slice(0, 9)}*****${KEY.slice(-4)}`, `[key]*****${KEY.slice(-4)}`],
    ['in JSON with slashes escaped', `"${KEY.replaceAll('/', '\\/')}"`, '"[key]"'],
    ['in JSON with a dash escaped', KEY.replace('-', '\\u002d'), '[key]'],
    ['in JSON, all of it', jsonUnits, '[key]'],
    ['in JSON within JSON', jsonUnits.replaceAll('\\', '\\\\'), '[key]'],
    ['in a URL', encodeURIComponent(KEY), '[key]'],
    ['in a URL, twice encoded', encodeURIComponent(encodeURIComponent(KEY)), '[key]'],
    ['in HTML', KEY.replaceAll('/', '&#47;').replaceAll('+', '&#x2b;'), '[key]'],
    ['seven of its characters', KEY.slice(3, 10), KEY.slice(3, 10)],
    ['what is no part of it', 'C:\\new\\users 100%25 &#1; é🙂', 'C:\\new\\users 100%25 &#1; é🙂'],
  ])('%s', (_name, text, wanted) => {
    expect(redacted(text)).toBe(wanted);
  });

  test.each(['', 'u:', 'me:', 'user:', 'Bearer '])('in base64 after %j, whichever alphabet', (user) => {
    for (const text of [encoded(user), Buffer.from(`${user}${KEY}`).toString('base64url')]) {
      const shown = redacted(`Basic ${text} was sent`);
      // Of the characters that are left, none but the first and the last of the key's own depends on it.
      expect(shown.replace('[key]', '').length).toBeLessThanOrEqual('Basic  was sent'.length + user.length * 2 + 5);
      expect(shown).toContain('[key]');
    }
  });

  test('what we have said ourselves is no secret', () => {
    keepSecret('sk-no-key-required');
    expect(redacted('a key is not required')).toBe('a key is not [key]');
    expect(redacted('required', 'labels: required, optional')).toBe('required');
  });

  test('a short key is taken out where it is a word', () => {
    keepSecret('abc1');
    expect(redacted('key=abc1. But "abc1" and abc12')).toBe('key=[key]. But "[key]" and abc12');
  });
});

describe('RetortError', () => {
  test('shows no secret, in its parts and its causes', () => {
    const inner = new TypeError(`Headers.append: "Bearer ${KEY}" is an invalid header value.`);
    const cause = new Error('fetch failed', { cause: inner });
    const error = new FileError({ where: `at ${KEY}`, wanted: KEY, got: `'${KEY}'`, fix: `leave ${KEY} out`, cause });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(KEY.slice(5, 13));
    expect(error.message).toBe("at [key]: wanted [key], got '[key]'; leave [key] out");
    expect(error.cause).toMatchObject({ message: 'fetch failed', cause: { name: 'TypeError' } });
    const plain = new Error('nothing to hide');
    expect(new FileError({ where: 'a', wanted: 'b', got: 'c', cause: plain }).cause).toBe(plain);
  });
});
