/** @file A config that somebody else wrote, and the key that it asks for, with a server that notes what it gets. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { completion, mockServer } from '../outside/asking/endpoint-server.js';
import { type Outcome, workFolder } from './command-line.js';
import { writeReviews, writeSmallEncoder } from './small-text-data.js';

const root = workFolder();
const KEY = 'sk-R7nWq2LxT9vBz4';

describe('retort distill', () => {
  beforeAll(async () => {
    await writeSmallEncoder(root);
    writeReviews(root, 'reviews.csv', 40);
    writeReviews(root, 'dev.csv', 20, 2);
  });

  function distill(words: readonly string[], env: Readonly<Record<string, string>>): Promise<Outcome> {
    const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
    const child = spawn(process.execPath, [main, 'distill', ...words], {
      cwd: root,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (chunk) => (said[name] += chunk));
    return new Promise((end) => child.on('close', (code) => end({ code, ...said })));
  }

  test("sends no key that a config names without the user's word, and says what it sends", async () => {
    const server = await mockServer(() => completion(['five']));
    writeFileSync(
      join(root, 'retort.yaml'),
      `task: { train: reviews.csv, text: review, label: stars, dev: dev.csv }
teacher:
  url: ${server.url}
  name: small
  apiKeyEnv: MY_KEY
student: { model: encoder, layers: 1 }
method: { name: hinton, temperature: 1 }
training: { maxSteps: 1 }
evidence: { seeds: 1, controls: no-teacher }
`,
    );
    const env = { MY_KEY: KEY, XDG_CONFIG_HOME: join(root, 'user') };
    const flags = ['retort.yaml', '--threads', '1'];
    const origin = new URL(server.url).origin;
    const dry = await distill([...flags, '--dry_run', '--output_dir', 'dry'], env);
    expect(dry.code, dry.stderr).toBe(0);
    const refused = await distill([...flags, '--output_dir', 'refused'], env);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(
      `error: retort.yaml:5 teacher.apiKeyEnv: wanted your consent to send the key in MY_KEY to ${origin}, got none; ` +
        'if you trust this config, add --allow_key_env MY_KEY\n',
    );
    expect(server.asked).toEqual([]);
    const allowed = await distill([...flags, '--output_dir', 'allowed', '--allow_key_env', 'MY_KEY'], env);
    expect(allowed.code, allowed.stderr).toBe(0);
    expect(allowed.stderr).toContain(`${origin} gets texts of reviews.csv, the key in MY_KEY\n`);
    expect(server.asked[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(readFileSync(join(root, 'allowed', 'experiment.json'), 'utf8')).not.toContain(KEY);
  }, 120_000);
});
