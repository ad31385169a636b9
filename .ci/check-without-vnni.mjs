// int8 exports answer with the same bits on processors with and without VNNI, whose products of 8-bit numbers saturate there:
// here as it is, and on a Haswell that qemu plays. Encoders with a scale a token and with fixed ranges, a BiLSTM and a static
// model, random weights, 24 rows of several lengths. Needs the built package, and qemu-x86_64 (Debian's qemu-user).
//
//   node .ci/check-without-vnni.mjs
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import ort from 'onnxruntime-node';

const ROWS = 24;
const VOCABULARY = 500;

/** Logits of every row, by model. */
async function answers(folder) {
  const rows = JSON.parse(readFileSync(join(folder, 'rows.json'), 'utf8'));
  const found = {};
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.onnx'))) {
    const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 };
    const session = await ort.InferenceSession.create(join(folder, file), options);
    found[file] = [];
    for (const ids of rows) {
      const int64 = (value) => new ort.Tensor('int64', BigInt64Array.from(ids, value), [1, ids.length]);
      const given = { input_ids: int64(BigInt), attention_mask: int64(() => 1n), token_type_ids: int64(() => 0n) };
      const feeds = Object.fromEntries(session.inputNames.map((name) => [name, given[name]]));
      found[file].push(Array.from((await session.run(feeds)).logits.data));
    }
  }
  return found;
}

async function write(folder) {
  const { bert, bilstm, staticModel } = await import('retort-ml/models');
  const { initialiseParameters } = await import('retort-ml/nn');
  const { calibrate, exportedGraph, exportOnnx } = await import('retort-ml/export');
  const { fromNumbers, RandomStream } = await import('retort-ml/tensor');
  const random = new RandomStream(1, 'rows');
  const rows = Array.from({ length: ROWS }, (_, row) =>
    Array.from({ length: 3 + (row % 12) }, () => random.below(VOCABULARY)),
  );
  writeFileSync(join(folder, 'rows.json'), JSON.stringify(rows));
  const sizes = { vocab_size: VOCABULARY, num_labels: 3, initializer_range: 0.1 };
  const encoder = bert({
    ...sizes,
    hidden_size: 96,
    num_hidden_layers: 2,
    num_attention_heads: 3,
    intermediate_size: 384,
  });
  const feedsOf = (ids) => {
    const of = (values) => fromNumbers('int64', [1, ids.length], values);
    return { input_ids: of(ids), attention_mask: of(ids.map(() => 1)), token_type_ids: of(ids.map(() => 0)) };
  };
  const save = (name, model, options = {}) => {
    const weights = initialiseParameters(model.parameters, 1);
    writeFileSync(
      join(folder, `${name}.onnx`),
      exportOnnx({ model, weights, labelNames: [], precision: 'int8', ...options }),
    );
  };
  const graph = exportedGraph({ model: encoder, weights: initialiseParameters(encoder.parameters, 1) });
  save('bert-token', encoder);
  save('bert-range', encoder, { ranges: await calibrate(graph, rows.map(feedsOf)) });
  save(
    'bilstm',
    bilstm({ vocab_size: VOCABULARY, num_labels: 3, embedding_size: 64, hidden_size: 48, dense_size: 64 }),
  );
  save('static', staticModel({ vocab_size: VOCABULARY, num_labels: 3, embedding_size: 64 }));
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'retort-vnni-'));
  try {
    await write(folder);
    const here = await answers(folder);
    // Without its own compiler Node runs faster there; warnings are of features that qemu lacks.
    const args = ['-cpu', 'Haswell', execPath, '--jitless', fileURLToPath(import.meta.url), folder];
    const { status, stdout, stderr, error } = spawnSync('qemu-x86_64', args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
    if (status !== 0) throw new Error(`qemu-x86_64: ${error?.message ?? stderr.slice(-2000)}`);
    const there = JSON.parse(stdout);
    const wrong = Object.entries(here).flatMap(([file, rows]) => {
      const differ = rows.filter((row, i) => JSON.stringify(row) !== JSON.stringify(there[file][i])).length;
      return differ === 0 ? [] : [`${file}: ${differ} of ${rows.length} rows differ`];
    });
    console.log(
      wrong.length === 0 ? `PASS: ${Object.keys(here).length} models, ${ROWS} rows, the same bits` : wrong.join('\n'),
    );
    process.exitCode = wrong.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (argv[2] === undefined) await main();
else console.log(JSON.stringify(await answers(argv[2])));
