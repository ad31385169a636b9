/**
 * @file What a teacher costs a step: three layers of MiniLM on SST-2, batches of 32, trained on labels, by Hinton's method with
 * answers that are kept, and by methods that run the teacher (MiniLM, random head) in each step. Each step is timed on the
 * same batches from short to long; rounds alternate. Beside it the teacher's forward pass alone, and what a kept answer
 * costs when the rows are asked for again. Logits read the last layer at the first token alone; what TinyBERT compares reads
 * all of it, so that its step is set beside those of fine-tuning and teacher that do so too.
 *
 *   RETORT_DATA=… npm run bench -- distil-step [--rounds 5] [--rows 3200] [--threads 2]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { toProgram } from '../src/autograd/lower.js';
import { mul } from '../src/autograd/ops/elementwise.js';
import { mean } from '../src/autograd/ops/reduce.js';
import type { Value } from '../src/autograd/value.js';
import { selectedRows } from '../src/data/selected-rows.js';
import { stratifiedSubset } from '../src/data/stratified.js';
import { textDataset } from '../src/data/text-dataset.js';
import { loadTextSet } from '../src/data/text-sets.js';
import { splitOf } from '../src/data/text-task.js';
import { costOf } from '../src/data/timed-cost.js';
import { rowLoss, scale } from '../src/losses/row-loss.js';
import { hinton } from '../src/methods/hinton.js';
import type { Method } from '../src/methods/method.js';
import { patientKd } from '../src/methods/pkd.js';
import { supervised } from '../src/methods/supervised.js';
import { tinyBert } from '../src/methods/tinybert.js';
import { firstLayers } from '../src/models/chosen-layers.js';
import { traceForward } from '../src/models/forward.js';
import type { Signals } from '../src/models/model.js';
import { modelHash } from '../src/models/saved-model.js';
import { loadTextModel, type TextModel, withNewHead } from '../src/models/text-model.js';
import { constantParameters } from '../src/nn/parameters.js';
import { openSession } from '../src/runtime/session.js';
import { cachedTeacher } from '../src/teachers/cached-teacher.js';
import { modelTeacher } from '../src/teachers/model-teacher.js';
import type { Tensor } from '../src/tensor/tensor.js';
import { measureRun, sampledBatches } from '../src/training/estimate/measure-run.js';
import type { RunOptions } from '../src/training/run/run-options.js';
import { planTraining } from '../src/training/run/train.js';
import { planTexts } from '../src/training/step/micro-batches.js';
import { textRun } from '../src/training/text/text-run.js';
import { machine, median, spread } from './figures.js';

const BATCH = 32;

/** Fine-tuning in which the last layer is read at every token. */
function fineTuningOfAllTokens(): Method {
  const plain = supervised();
  return {
    ...plain,
    name: 'fine-tuning of all tokens',
    losses: (inputs) => {
      const last = lastHidden(inputs.student);
      const length = rowLoss(mean(mul(last, last), { axes: [1, 2] }));
      return { ...plain.losses(inputs, plain.options), length: scale(1e-6, length) };
    },
  };
}

function lastHidden({ hiddenStates = [] }: Signals): Value {
  return hiddenStates.at(-1) as Value;
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      rows: { type: 'string', default: '3200' },
      threads: { type: 'string', default: '2' },
    },
  });
  const dir = process.env.RETORT_DATA;
  if (dir === undefined) {
    console.log('RETORT_DATA is not set: no SST-2 to train on');
    return;
  }
  const task = await loadTextSet('sst2', { dir });
  const table = stratifiedSubset(splitOf(task, 'train'), { rows: Number(values.rows) }, 1);
  const whole = withNewHead(await loadTextModel('minilm-l6'), { labelNames: task.labelNames, seed: 1 });
  const student = firstLayers(whole, 3);
  const train = textDataset(table, whole.tokenizer, { model: student.model, maxLength: 128 });
  const threads = Number(values.threads);
  const scratch = mkdtempSync(join(tmpdir(), 'retort-bench-'));
  const teacher = modelTeacher({ ...whole, path: whole.name, contentHash: modelHash(whole) }, { threads });
  const kept = cachedTeacher(teacher, { folder: join(scratch, 'answers') });

  const run = (method: Method, withTeacher: RunOptions['teacher']): RunOptions => ({
    ...textRun({ batchSize: BATCH }, student.model, train),
    model: student.model,
    weights: student.weights,
    method,
    ...(withTeacher && { teacher: withTeacher }),
    data: { train },
    seed: 1,
    threads,
    outputDir: scratch,
  });
  const arms: Readonly<Record<string, RunOptions>> = {
    'fine-tuning': run(supervised(), undefined),
    'fine-tuning, all tokens': run(fineTuningOfAllTokens(), undefined),
    'hinton, answers kept': run(hinton(), kept),
    pkd: run(patientKd(), teacher),
    'tinybert, intermediate': run(tinyBert({ stage: 'intermediate' }), teacher),
  };
  try {
    console.log(machine());
    const started = performance.now();
    await kept.answer(train, ['logits']);
    const asked = performance.now();
    await kept.answer(train, ['logits']);
    const again = performance.now() - asked;
    console.log(
      `the teacher's answers to ${train.size} rows: first ${((asked - started) / 1000).toFixed(1)} s, again ${again.toFixed(0)} ms`,
    );
    const steps = new Map<string, number[]>();
    const add = (name: string, ms: number) => steps.set(name, [...(steps.get(name) ?? []), ms]);
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [name, options] of Object.entries(arms)) {
        add(name, await stepMs(options));
      }
      const forward = (read: (signals: Signals) => Value) => forwardMs(arms.pkd as RunOptions, whole, threads, read);
      add('teacher forward', await forward(({ logits }) => logits));
      add('teacher forward, all tokens', await forward((signals) => mean(lastHidden(signals), { axes: [1, 2] })));
      console.log([...steps].map(([name, ms]) => `${name} ${ms.at(-1)?.toFixed(1)} ms`).join(', '));
    }
    const of = (name: string) => steps.get(name) ?? [];
    for (const [name, ms] of steps) console.log(`${name}: ${spread(ms)} ms a step`);
    const ratios = (name: string, base: (round: number) => number) => of(name).map((ms, round) => ms / base(round));
    const plain = (round: number) => of('fine-tuning')[round] as number;
    console.log(`hinton / fine-tuning: ${spread(ratios('hinton, answers kept', plain), 3)}`);
    for (const [name, tokens] of [
      ['pkd', ''],
      ['tinybert, intermediate', ''],
      ['tinybert, intermediate', ', all tokens'],
    ] as const) {
      const at = (part: string, round: number) => of(`${part}${tokens}`)[round] as number;
      const parts = (round: number) => at('fine-tuning', round) + at('teacher forward', round);
      console.log(`${name} / (fine-tuning + teacher forward${tokens}): ${spread(ratios(name, parts), 3)}`);
    }
    console.log(`median of the teacher's forward pass: ${median(of('teacher forward')).toFixed(1)} ms`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Longer than warming up and a step on each of the sampled batches take. */
const STEP_SECONDS = 20;

/** Mean milliseconds of a step on batches from short to long texts. */
async function stepMs(options: RunOptions): Promise<number> {
  const { step } = await measureRun(options, { seconds: STEP_SECONDS });
  return 1000 * costOf(step, step.largest);
}

/** Mean milliseconds of the teacher's forward pass on the batches that steps are timed on; a first pass warms up. */
async function forwardMs(
  options: RunOptions,
  teacher: Pick<TextModel, 'model' | 'weights'>,
  threads: number,
  read: (signals: Signals) => Value,
): Promise<number> {
  const { train } = options.data;
  const text = planTexts(train, options);
  const plan = planTraining({ ...options, rows: train.size, ...(text && { text }) });
  const rows = sampledBatches({ options, plan }).flatMap((batch) => Array.from(batch));
  const sampled = selectedRows(train, Uint32Array.from(rows));
  const answer = read(traceForward(teacher.model, constantParameters(teacher.weights)));
  const forward = await openSession(toProgram({ outputs: { answer }, form: 'export' }), { threads });
  const times: number[] = [];
  for (let pass = 0; pass < 2; pass++) {
    for (let start = 0; start + BATCH <= sampled.size; start += BATCH) {
      const { inputs } = sampled.batch(Array.from({ length: BATCH }, (_, i) => start + i));
      const begun = performance.now();
      await forward.run(Object.fromEntries(forward.inputs.map(({ name }) => [name, inputs[name] as Tensor])));
      if (pass === 1) times.push(performance.now() - begun);
    }
  }
  await forward.release();
  return times.reduce((sum, ms) => sum + ms, 0) / times.length;
}
