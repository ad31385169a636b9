/** @file One form of a model: the bytes of its file, opened and measured as a program would meet it. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Answer, TextInput } from '../inference/answer.js';
import { load } from '../inference/load.js';
import type { Inference, TextInputs } from '../inference/text-model.js';
import type { JudgedMetric } from '../metrics/table.js';
import { tokenizerHash } from '../tokenizers/tokenizer-hash.js';
import { exportOnnx } from './onnx.js';
import type { OnnxFolderContent } from './onnx-folder.js';
import type { Precision } from './precisions.js';

type Stop = { readonly badRows: 'stop' };

/** As much of an open model as forms are compared by. */
export type FormModel = Pick<Inference, 'labels' | 'readAs' | 'release'> & {
  predict(inputs: readonly TextInput[], options: Stop): Promise<Answer[]>;
  stream(inputs: TextInputs, options: Stop): AsyncGenerator<Answer, void, undefined>;
};

export type Form = { readonly bytes: Uint8Array; readonly model: FormModel };

/** Opens a model as its ONNX file will be, without writing it. @throws as `exportOnnx` and `load` do. */
export async function openForm(content: OnnxFolderContent, threads = 1): Promise<Form> {
  const { tokenizer } = content;
  const bytes = exportOnnx({ ...content, ...(tokenizer && { tokenizerHash: tokenizerHash(tokenizer) }) });
  const files = { 'model.onnx': bytes, ...Object.fromEntries(tokenizer?.files ?? []) };
  return { bytes, model: await load(files, { threads, onNotice: () => {} }) };
}

/** The same of a student of one JavaScript file, which answers by its own code. @throws as `jsStudent` does. */
export async function openJsForm(content: OnnxFolderContent): Promise<Form> {
  const { openJsStudent } = await import('./js-student.js');
  const { text, student } = await openJsStudent(content);
  const { labels, predict } = student;
  return {
    bytes: Buffer.from(text),
    model: {
      labels,
      ...(content.readAs && { readAs: content.readAs }),
      predict: async (inputs) => inputs.map((input) => predict(input) as Answer),
      stream: async function* (inputs) {
        for await (const input of inputs) yield predict(input) as Answer;
      },
      release: () => Promise.resolve(),
    },
  };
}

export async function gzippedBytes(bytes: Uint8Array): Promise<number> {
  return (await promisify(gzip)(bytes)).length;
}

/** Milliseconds of a call. */
export type Latency = { readonly p50: number; readonly p95: number };
export type Speed = {
  /** Of a batch of one text, from the text on. */
  readonly one: Latency;
  /** Of a batch of `BATCH` texts; of all where there are fewer. */
  readonly many: Latency;
  /** Texts a second in such batches. */
  readonly throughput: number;
};

/** A form that was measured, beside float32. */
export type ScoredForm = {
  /** `float32`, `float16`, `int8 a scale a token`, `int8 fixed ranges`, `int8, one JavaScript file`. */
  readonly name: string;
  readonly precision: Precision;
  readonly bytes: number;
  readonly gzippedBytes: number;
  readonly speed: Speed;
  readonly metric: JudgedMetric;
  readonly value: number;
  /** 95 %. */
  readonly interval: readonly [low: number, high: number] | undefined;
  /** In points of the metric, over the same rows as float32, and the standard error of the difference. */
  readonly drop: number;
  readonly dropError: number;
  /** Rows with another label than in float32, and the share of those with the same; undefined for a regression. */
  readonly flips: number | undefined;
  readonly agreement: number | undefined;
  /** Of the probability of any class of any row; of a regression of its value. */
  readonly largestChange: number;
};

export const BATCH = 32;
/** Rounds of all forms in turn, and calls in a round. */
const [ROUNDS, SINGLE_CALLS, BATCHES] = [3, 50, 4];

/** Measures forms in turn, so that what else the machine does meets all of them. */
export async function speedsOf(forms: readonly Form[], texts: readonly TextInput[]): Promise<readonly Speed[]> {
  const from = (start: number, count: number) =>
    Array.from({ length: count }, (_, i) => texts[(start + i) % texts.length] as TextInput);
  const size = Math.min(BATCH, texts.length);
  const times = forms.map(() => ({ one: [] as number[], many: [] as number[] }));
  // The first round compiles code and lays memory out.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [i, { model }] of forms.entries()) {
      const spent = times[i] as (typeof times)[number];
      if (round === 1) Object.assign(spent, { one: [], many: [] });
      for (let call = 0; call < SINGLE_CALLS; call++)
        spent.one.push(await timeOf(model, from(round * SINGLE_CALLS + call, 1)));
      for (let call = 0; call < BATCHES; call++)
        spent.many.push(await timeOf(model, from((round * BATCHES + call) * size, size)));
    }
  }
  return times.map(({ one, many }) => {
    const batches = latencyOf(many);
    return { one: latencyOf(one), many: batches, throughput: (1000 * size) / batches.p50 };
  });
}

async function timeOf(model: FormModel, texts: readonly TextInput[]): Promise<number> {
  const begun = performance.now();
  await model.predict(texts, { badRows: 'stop' });
  return performance.now() - begun;
}

function latencyOf(times: readonly number[]): Latency {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * sorted.length)] as number;
  return { p50: at(0.5), p95: at(0.95) };
}
