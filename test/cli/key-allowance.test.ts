/** @file What a retort.yaml that somebody else wrote may send: keys of the environment, files, to which host. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { expectKeyAllowed } from '../../src/cli/commands/distill/key-allowance.js';
import { distillUsage } from '../../src/cli/commands/distill/usage.js';
import { readOptions } from '../../src/cli/options.js';
import { canAsk, isConfirmed } from '../../src/cli/question.js';
import { namedEndpoint } from '../../src/experiments/distillation/named-endpoint.js';
import { workFolder } from './command-line.js';
import { memoryStream } from './memory-stream.js';

const root = workFolder();
const KEY = 'sk-R7nWq2LxT9vBz4';
let project: string;

beforeEach(() => {
  project = mkdtempSync(join(root, 'project-'));
  writeFileSync(join(project, 'retort.yaml'), 'teacher: {}\n');
  vi.stubEnv('XDG_CONFIG_HOME', join(project, 'user'));
  vi.stubEnv('MY_KEY', KEY);
  vi.stubEnv('OPENAI_API_KEY', KEY);
});
afterEach(() => vi.unstubAllEnvs());

type Asked = { readonly flags?: Readonly<Record<string, string>>; readonly config?: Readonly<Record<string, string>> };

/** As the frame does it: a flag wins over the config. */
async function asked({ flags = {}, config = {} }: Asked, answer?: boolean) {
  const raw = { flags: new Map(Object.entries({ teacherModel: 'm', ...config, ...flags })), operands: ['reviews.csv'] };
  const { values } = readOptions('retort distill', distillUsage.options, raw);
  const options = new Set(Object.keys(config).filter((option) => !(option in flags)));
  const fromConfig = { path: join(project, 'retort.yaml'), options };
  const { departure } = await namedEndpoint(values.teacher, values, ['no', 'yes']);
  const questions: string[] = [];
  const confirm = async (question: string) => {
    questions.push(question);
    return answer === true;
  };
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const io = { fromConfig, say, ...(answer !== undefined && { confirm }) };
  await expectKeyAllowed({ ...departure, data: 'reviews.csv', isAsked: true }, values, io);
  return { questions, line: lines.join('\n') };
}

const HOST = 'https://api.example.com';
const teacher = `${HOST}/v1`;
const BOTH = { config: { teacher, apiKeyEnv: 'MY_KEY' } };

describe('a key', () => {
  test.each<[string, Asked, string]>([
    ['variable and host', BOTH, '--api_key_env: wanted your consent to send the key in MY_KEY'],
    ['the host', { config: { teacher } }, '--teacher: wanted your consent to send the key in OPENAI_API_KEY'],
    ['the variable', { flags: { teacher }, config: { apiKeyEnv: 'MY_KEY' } }, '--api_key_env: wanted your consent'],
  ])(
    'that %s of a config would send is not sent where nobody can be asked, but with the flag',
    async (_, given, said) => {
      const variable = given.config?.apiKeyEnv ?? 'OPENAI_API_KEY';
      await expect(asked(given)).rejects.toThrow(said);
      await expect(asked(given)).rejects.toThrow(
        `to ${HOST}, got none; if you trust this config, add --allow_key_env ${variable}`,
      );
      const withFlag = (allowKeyEnv: string) => asked({ ...given, flags: { ...given.flags, allowKeyEnv } });
      await withFlag(variable);
      await expect(withFlag('PATH')).rejects.toThrow(
        `--allow_key_env: wanted ${variable}, the variable of the key, got 'PATH'`,
      );
      // The flag is for this run.
      await expect(asked(given)).rejects.toThrow(said);
    },
  );

  test.each<[Asked]>([
    [{ flags: { teacher } }],
    [{ flags: { teacher, apiKeyEnv: 'MY_KEY' } }],
    [{ flags: { apiKeyEnv: 'MY_KEY' }, config: { teacher } }],
    [{ config: { teacher, apiKeyEnv: 'none' } }],
    [{ config: { teacher: 'http://127.0.0.1:8000/v1' } }],
  ])('of the own word, or none at all, needs no other: %j', async (given) => {
    expect((await asked(given)).questions).toEqual([]);
  });

  test('at a terminal is asked for once, and again for another host, variable or config', async () => {
    await expect(asked(BOTH, false)).rejects.toThrow('got no; if you trust this config, add --allow_key_env MY_KEY');
    const config = realpathSync(join(project, 'retort.yaml'));
    expect((await asked(BOTH, true)).questions).toEqual([
      `${config} asks to send the key in MY_KEY to ${HOST}. Allow it?`,
    ]);
    expect(JSON.parse(readFileSync(join(project, 'user', 'retort', 'allowed-keys.json'), 'utf8'))).toEqual({
      allowed: [{ config, host: HOST, variable: 'MY_KEY' }],
    });
    await asked(BOTH);
    await expect(asked({ config: { ...BOTH.config, apiKeyEnv: 'OPENAI_API_KEY' } })).rejects.toThrow('got none');
    await expect(asked({ config: { ...BOTH.config, teacher: `${HOST}:444/v1` } })).rejects.toThrow('got none');
    const other = join(project, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'retort.yaml'), 'teacher: {}\n');
    project = other;
    await expect(asked(BOTH)).rejects.toThrow('got none');
  });

  test('in the place of the name of its variable is not shown', async () => {
    const error = await asked({ flags: { teacher, apiKeyEnv: KEY } }).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(
      /^OptionError: apiKeyEnv: wanted the name of an environment variable, got something else/,
    );
    expect(String(error)).not.toContain(KEY.slice(0, 8));
  });
});

describe('a prompt file', () => {
  test('that a config names lies in its folder, wherever links lead; a flag may name any', async () => {
    const outside = join(root, 'secret.txt');
    writeFileSync(outside, 'mine: {text}');
    mkdirSync(join(project, 'prompts'));
    writeFileSync(join(project, 'prompts', 'ask.txt'), 'Which? {text}');
    symlinkSync(outside, join(project, 'prompts', 'link.txt'));
    const local = { teacher: 'http://localhost:8000/v1' };
    const inside = join(project, 'prompts', 'ask.txt');
    expect((await asked({ config: { ...local, teacherPrompt: `@${inside}` } })).line).toBe(
      `http://localhost:8000 gets texts of reviews.csv, the prompt in ${inside}`,
    );
    for (const file of [outside, join(project, '..', 'secret.txt'), join(project, 'prompts', 'link.txt')]) {
      await expect(asked({ config: { ...local, teacherPrompt: `@${file}` } })).rejects.toThrow(
        `--teacher_prompt: wanted a file in ${realpathSync(project)}, the folder of the config, got ${realpathSync(outside)}; copy`,
      );
    }
    await asked({ config: local, flags: { teacherPrompt: `@${outside}` } });
  });
});

describe('the line before the first request', () => {
  test.each<[Asked, string]>([
    [{ flags: { teacher } }, `${HOST} gets texts of reviews.csv, the key in OPENAI_API_KEY`],
    [
      { flags: { teacher: 'http://10.0.0.7:8000/v1' } },
      'http://10.0.0.7:8000 gets texts of reviews.csv; over plain http, where it can be intercepted',
    ],
    [{ flags: { teacher: 'http://[::1]:8000/v1' } }, 'http://[::1]:8000 gets texts of reviews.csv'],
  ])('%j', async (given, line) => {
    expect((await asked(given)).line).toBe(line);
  });
});

describe('isConfirmed', () => {
  const ask = async (input: string | undefined, signal = new AbortController().signal) => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    const stderr = memoryStream(80);
    const sides = { stdin, stderr, interruption: () => signal };
    expect(canAsk(sides)).toBe(true);
    expect(canAsk({ ...sides, stderr: memoryStream() })).toBe(false);
    expect(canAsk({ ...sides, stdin: new PassThrough() })).toBe(false);
    const answer = isConfirmed('a\u001b[2J, really?', sides, () => {});
    if (input !== undefined) stdin.end(input);
    return { answer: await answer, said: stderr.text() };
  };

  test.each([
    ['y\n', true],
    [' YES \n', true],
    ['n\n', false],
    ['\n', false],
    ['yesterday\n', false],
    ['', false],
  ])('%j is %s', async (input, wanted) => {
    expect(await ask(input)).toEqual({ answer: wanted, said: 'a\\u001b[2J, really? [y/N] ' });
  });

  test('Ctrl-C is no answer', async () => {
    await expect(ask(undefined, AbortSignal.abort())).rejects.toThrow('retort: wanted yes or no, got an interruption');
  });
});
