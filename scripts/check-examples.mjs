// Runs the examples of inference on a small student: the script of ten lines, and the server, whose packages `npm ci` in
// examples/hono-server brings.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { saveOnnx } from 'retort-ml/export';
import { load } from 'retort-ml/inference';
import { bert } from 'retort-ml/models';
import { initialiseParameters } from 'retort-ml/nn';
import { loadTokenizer } from 'retort-ml/tokenizers';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'examples-'));
const student = join(scratch, 'student');

async function makeStudent() {
  const { vocab, uncased } = JSON.parse(
    readFileSync(join(root, 'test/tokenizers/tokenizers.hugging-face.json'), 'utf8'),
  );
  writeFileSync(join(scratch, 'vocab.txt'), `${vocab.join('\n')}\n`);
  const size = { vocab_size: vocab.length, num_labels: 3, max_position_embeddings: 40, initializer_range: 0.5 };
  const model = bert({ ...size, hidden_size: 16, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 24 });
  const weights = initialiseParameters(model.parameters, 1);
  await saveOnnx(student, {
    model,
    weights,
    labelNames: ['no', 'maybe', 'yes'],
    tokenizer: await loadTokenizer(scratch),
  });
  const texts = uncased
    .map(([text]) => text)
    .filter((text) => /^[^\n\r]*\S[^\n\r]*$/.test(text))
    .slice(0, 60);
  const opened = await load(student, { threads: 1 });
  const wanted = await opened.predict(texts);
  await opened.release();
  return { texts, wanted };
}

function script({ texts, wanted }) {
  const program = join(root, 'examples/node-script/classify.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, student], {
    input: `${texts.join('\n')}\n`,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  assert.deepEqual(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t')[0]),
    wanted.map(({ label }) => label),
  );
}

/** The server's own folder, where the package is as if it were installed. */
const serverFolder = join(root, 'examples/hono-server');

async function withServer(env, work) {
  const installed = join(serverFolder, 'node_modules/retort-ml');
  rmSync(installed, { recursive: true, force: true });
  mkdirSync(installed, { recursive: true });
  for (const name of ['package.json', 'dist', 'node_modules']) symlinkSync(join(root, name), join(installed, name));
  const server = spawn(process.execPath, ['server.mjs', student], {
    cwd: serverFolder,
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(server, 'exit');
  try {
    const started = once(createInterface({ input: server.stdout }), 'line');
    const [url] = await Promise.race([started, ended.then(([code]) => assert.fail(`the server ended with ${code}`))]);
    const post = (body) => fetch(url, { method: 'POST', body });
    await work(post, url);
    server.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
  } finally {
    server.kill('SIGKILL');
  }
}

async function serving({ texts, wanted }) {
  await withServer({}, async (post, url) => {
    const bad = ['{"text": 5}', '{"text": ', '{}', '[]'];
    const asked = [...texts, ...texts].map((text) => post(JSON.stringify({ text })));
    const refused = await Promise.all(bad.map(post));
    assert.deepEqual(
      refused.map(({ status }) => status),
      [400, 400, 400, 400],
    );
    assert.deepEqual(await refused[0].json(), { error: 'wanted a text, or [text, pair], got 5' });
    const replies = await Promise.all((await Promise.all(asked)).map((reply) => reply.json()));
    assert.deepEqual(
      replies.map(({ label }) => label),
      [...wanted, ...wanted].map(({ label }) => label),
    );
    const health = await (await fetch(new URL('/health', url))).json();
    assert.deepEqual(health, { labels: ['no', 'maybe', 'yes'], waiting: 0 });
  });
  await withServer({ MOST_WAITING: '0' }, async (post) => {
    assert.equal((await post('{"text": "a"}')).status, 503);
  });
}

try {
  const made = await makeStudent();
  script(made);
  await serving(made);
  console.log('examples/node-script and examples/hono-server answer as the model does');
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
