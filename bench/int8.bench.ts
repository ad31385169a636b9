/**
 * @file The precisions of an export beside each other, on one thread: three layers of a BERT of MiniLM's sizes, six layers, and
 * a BiLSTM of the default sizes; 20 tokens, batches of 1 and 32, sessions in rounds that alternate. Beside them the same files in
 * Python's ONNX Runtime, what `quantize_dynamic` makes of the float32 file, and PyTorch, where `RETORT_PYTHON` names an
 * interpreter that has them; and transformers.js, where `npm ci --prefix test/clients/transformers-js` has put it. Weights are
 * random, so nothing is said of accuracy (`retort export --data`). And how far the logits of rows of many lengths are from those
 * beside 31 others, which is 0 in int8.
 *
 *   npm run bench -- int8 [--rounds 10] [--calls 50]
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { calibrate } from '../src/export/calibrate.js';
import { exportedGraph, exportOnnx, type OnnxContent } from '../src/export/onnx.js';
import { bert } from '../src/models/bert.js';
import { bilstm } from '../src/models/bilstm.js';
import { saveHuggingFace } from '../src/models/hugging-face.js';
import type { Model } from '../src/models/model.js';
import { initialiseParameters } from '../src/nn/parameters.js';
import { type ModelVersion, VERSION_FILES } from '../src/onnx/model-versions.js';
import type { Session } from '../src/runtime/running-session.js';
import { openModelSession } from '../src/runtime/session.js';
import { fromNumbers, type Tensor } from '../src/tensor/tensor.js';
import { median } from './figures.js';
import { hasPyTorch, hasPython, peerScript, startPeer } from './peers/peer.js';
import { rowSource, VOCABULARY } from './token-ids.js';

const [TOKENS, BATCH, CALIBRATION_ROWS, ROWS] = [20, 32, 100, 320];
const TRANSFORMERS = 'test/clients/transformers-js/node_modules/@huggingface/transformers';
const SIZES = { vocab_size: VOCABULARY, hidden_size: 384, num_attention_heads: 12, intermediate_size: 1536 };

/** What stands in the Hugging Face folder that PyTorch and transformers.js read. */
const VERSIONS: Readonly<Record<string, ModelVersion>> = {
  'BERT, 3 layers, float32': 'float32',
  'BERT, 3 layers, int8, a scale a token': 'int8',
};

type Feeds = Readonly<Record<string, Tensor>>;
/** Something that runs a batch so many times, and says how many milliseconds each took. */
type Measured = {
  readonly name: string;
  readonly megabytes: number | undefined;
  readonly times: (batch: number, calls: number) => Promise<readonly number[]>;
};

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string', default: '10' }, calls: { type: 'string', default: '50' } },
  });
  const [rounds, calls] = [Number(values.rounds), Number(values.calls)];
  const next = rowSource();
  const rows = Array.from({ length: ROWS }, () => next(TOKENS));
  const folder = mkdtempSync(join(tmpdir(), 'retort-bench-'));
  await saveHuggingFace(join(folder, 'hf'), contentOf(bert({ ...SIZES, num_hidden_layers: 3 })));
  mkdirSync(join(folder, 'hf', 'onnx'));
  const open: { release: () => Promise<void> }[] = [];
  try {
    const three = contentOf(bert({ ...SIZES, num_hidden_layers: 3 }));
    const six = contentOf(bert({ ...SIZES, num_hidden_layers: 6 }));
    const graph = exportedGraph(three);
    const ranges = await calibrate(
      graph,
      Array.from({ length: CALIBRATION_ROWS }, () => feedsOf([next(TOKENS)])),
    );
    const students: Readonly<Record<string, Readonly<Record<string, OnnxContent>>>> = {
      'BERT, 3 layers': {
        float32: three,
        float16: { ...three, precision: 'float16' },
        'int8, a scale a token': { ...three, precision: 'int8' },
        'int8, fixed ranges': { ...three, precision: 'int8', ranges },
      },
      'BERT, 6 layers': { float32: six, 'int8, a scale a token': { ...six, precision: 'int8' } },
      BiLSTM: forms(contentOf(bilstm({ vocab_size: VOCABULARY }))),
    };
    const measured: Measured[] = [];
    for (const [student, precisions] of Object.entries(students)) {
      for (const [precision, content] of Object.entries(precisions)) {
        const bytes = exportOnnx(content);
        if (student === 'BERT, 3 layers')
          writeFileSync(join(folder, `${precision.replaceAll(/\W+/g, '-')}.onnx`), bytes);
        const version = VERSIONS[`${student}, ${precision}`];
        if (version !== undefined) writeFileSync(join(folder, 'hf', 'onnx', VERSION_FILES[version]), bytes);
        const session = await openModelSession(bytes, { threads: 1 });
        open.push(session);
        const name = `${student}, ${precision}`;
        measured.push({ name, megabytes: bytes.length / 1e6, times: timesOf(session, rows) });
        console.log(`${name}: largest difference of a logit beside 31 others: ${await dependence(session, next)}`);
      }
    }
    writeFileSync(join(folder, 'rows.json'), JSON.stringify({ ids: rows }));
    const peers: Readonly<Record<string, readonly [script: string, args: readonly string[]]>> = {
      ...(hasPyTorch() &&
        hasPython('onnxruntime', 'ONNX Runtime') && { Python: [peerScript('precisions'), ['--threads', '1']] }),
      ...(existsSync(TRANSFORMERS) && { 'transformers.js': [peerScript('transformers-js', 'mjs'), []] }),
    };
    for (const [title, [script, more]] of Object.entries(peers)) {
      const peer = await startPeer(script, ['--folder', folder, ...more]);
      open.push({ release: peer.stop });
      const { environment } = peer.greeting as { environment: { forms: Readonly<Record<string, number | null>> } };
      for (const [form, bytes] of Object.entries(environment.forms)) {
        const times = async (batch: number, count: number) => {
          return (await peer.ask({ form, batch, calls: count })).times as readonly number[];
        };
        const name = `${title}, 3 layers, ${form}`;
        measured.push({ name, megabytes: bytes === null ? undefined : bytes / 1e6, times });
      }
    }
    await report(measured, rounds, calls);
  } finally {
    for (const each of open) await each.release();
    rmSync(folder, { recursive: true });
  }
}

function forms(content: OnnxContent): Readonly<Record<string, OnnxContent>> {
  return { float32: content, float16: { ...content, precision: 'float16' }, int8: { ...content, precision: 'int8' } };
}

function contentOf(model: Model): OnnxContent {
  return { model, weights: initialiseParameters(model.parameters, 1), labelNames: ['negative', 'positive'] };
}

/** Padded to the longest. */
function feedsOf(rows: readonly (readonly number[])[]): Feeds {
  const length = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const of = (value: (row: readonly number[], at: number) => number) =>
    fromNumbers(
      'int64',
      [rows.length, length],
      rows.flatMap((row) => Array.from({ length }, (_, at) => value(row, at))),
    );
  return {
    input_ids: of((row, at) => row[at] ?? 0),
    attention_mask: of((row, at) => (at < row.length ? 1 : 0)),
    token_type_ids: of(() => 0),
  };
}

async function logitsOf(session: Session, rows: readonly (readonly number[])[]): Promise<readonly number[]> {
  const feeds = feedsOf(rows);
  const read = session.inputs.map(({ name }) => [name, feeds[name] as Tensor] as const);
  const { logits } = await session.run(Object.fromEntries(read));
  return Array.from(logits?.data as Float32Array);
}

function timesOf(session: Session, rows: readonly (readonly number[])[]): Measured['times'] {
  return async (batch, calls) => {
    const times: number[] = [];
    for (let call = 0; call < calls; call++) {
      const first = (call * batch) % (rows.length - batch + 1);
      const feeds = feedsOf(rows.slice(first, first + batch));
      const read = Object.fromEntries(session.inputs.map(({ name }) => [name, feeds[name] as Tensor]));
      const begun = performance.now();
      await session.run(read);
      times.push(performance.now() - begun);
    }
    return times;
  };
}

/** Rows of 3 to 40 tokens, alone and in a batch. */
async function dependence(session: Session, next: (length: number) => number[]): Promise<string> {
  const rows = Array.from({ length: BATCH }, (_, row) => next(3 + ((row * 7) % 38)));
  const together = await logitsOf(session, rows);
  const classes = together.length / BATCH;
  let largest = 0;
  for (const [i, row] of rows.entries()) {
    for (const [c, logit] of (await logitsOf(session, [row])).entries()) {
      largest = Math.max(largest, Math.abs(logit - (together[i * classes + c] as number)));
    }
  }
  return largest === 0 ? '0' : largest.toExponential(1);
}

async function report(measured: readonly Measured[], rounds: number, calls: number): Promise<void> {
  const times = measured.map(() => ({ one: [] as number[], many: [] as number[] }));
  for (let round = 0; round <= rounds; round++) {
    for (const [i, each] of measured.entries()) {
      const [one, many] = [await each.times(1, calls), await each.times(BATCH, 3)];
      // The first round lays memory out.
      if (round > 0) times[i]?.one.push(...one);
      if (round > 0) times[i]?.many.push(...many);
    }
  }
  const at = (values: readonly number[], share: number) =>
    [...values].sort((a, b) => a - b)[Math.floor(share * values.length)] as number;
  const p50 = (name: string) => median(times[measured.findIndex((each) => each.name === name)]?.one ?? []);
  const [three, six, int8] = [
    'BERT, 3 layers, float32',
    'BERT, 6 layers, float32',
    'BERT, 6 layers, int8, a scale a token',
  ].map(p50);
  const heads = [
    'form',
    'MB',
    'p50, ms',
    'p95',
    `${BATCH} rows: p50`,
    'p95',
    '3 layers float ÷',
    '6 layers float ÷',
    '6 layers int8 ÷',
  ];
  console.log(`| ${heads.join(' | ')} |\n|${heads.map(() => '---|').join('')}`);
  for (const [i, { name, megabytes }] of measured.entries()) {
    const { one, many } = times[i] as (typeof times)[number];
    const own = median(one);
    const ratio = (other: number | undefined) => ((other ?? Number.NaN) / own).toFixed(2);
    const cells = [name, megabytes?.toFixed(1) ?? '', own.toFixed(3), at(one, 0.95).toFixed(3)];
    const batches = [median(many).toFixed(2), at(many, 0.95).toFixed(2)];
    console.log(`| ${[...cells, ...batches, ratio(three), ratio(six), ratio(int8)].join(' | ')} |`);
  }
}
