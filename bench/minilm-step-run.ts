/**
 * @file `node minilm-step-run.js FOLDER BATCHES THREADS`: retort's side of the bench minilm-step, with the line protocol of
 * peers/minilm_step.py, of which the weights, the batches and the optimiser are.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Batch } from '../src/data/dataset.js';
import { supervised } from '../src/methods/supervised.js';
import { bert } from '../src/models/bert.js';
import { loadHuggingFace } from '../src/models/hugging-face.js';
import { adamw } from '../src/optim/adamw.js';
import { isUsuallyUndecayed } from '../src/optim/groups.js';
import { fromNumbers } from '../src/tensor/tensor.js';
import { openHostStep } from '../src/training/step/host-step.js';
import type { TrainingStep } from '../src/training/step/step.js';
import { productRates } from './physical-limit.js';

/** Beyond about so many tokens a run's tensors leave the cache: larger batches run as micro-batches. */
const TOKENS_PER_RUN = 2048;
const WARM_STEPS = 2;
const LEARNING_RATE = 5e-5;

type LabelledRows = { readonly ids: readonly (readonly number[])[]; readonly labels: readonly number[] };
type Answer = Readonly<Record<'msPerStep' | 'losses' | 'gradientNorms', readonly number[]>>;
type Case = { readonly length: number; readonly steps: number; readonly dropout: number };

const [folder = '', batchesFile = '', threads = '2'] = process.argv.slice(2);
const initial = await loadHuggingFace(folder);
const allBatches = JSON.parse(readFileSync(batchesFile, 'utf8')) as Readonly<Record<string, readonly LabelledRows[]>>;

/** As the trainer has them: ids and a mask of ones. */
function microBatches({ ids, labels }: LabelledRows, perRun: number): Batch[] {
  const length = ids[0]?.length ?? 0;
  return Array.from({ length: ids.length / perRun }, (_, i): Batch => {
    const part = ids.slice(i * perRun, (i + 1) * perRun);
    const shape = [perRun, length];
    const filled = (value: number) => fromNumbers('int64', shape, new Float64Array(perRun * length).fill(value));
    return {
      inputs: {
        input_ids: fromNumbers('int64', shape, part.flat()),
        attention_mask: filled(1),
        token_type_ids: filled(0),
      },
      ids: part.map((_, row) => row),
      weights: new Float32Array(perRun).fill(1),
      labels: fromNumbers('int64', [perRun], labels.slice(i * perRun, (i + 1) * perRun)),
    };
  });
}

/** A step that begins with the initial weights, and its clock. */
class Steps {
  readonly #batches: readonly LabelledRows[];
  readonly #perRun: number;
  readonly #step: TrainingStep;
  #count = 0;

  private constructor(batches: readonly LabelledRows[], perRun: number, step: TrainingStep) {
    this.#batches = batches;
    this.#perRun = perRun;
    this.#step = step;
  }

  static async open({ length, dropout }: Case): Promise<Steps> {
    const batches = allBatches[length] ?? [];
    const rows = batches[0]?.labels.length ?? 0;
    const perRun = Math.min(rows, TOKENS_PER_RUN / length);
    const config = { hidden_dropout_prob: dropout, attention_probs_dropout_prob: dropout };
    const step = await openHostStep({
      model: bert({ ...initial.model.config, ...config }),
      method: supervised({}),
      dims: { B: perRun, S: length },
      optimizer: adamw({ learningRate: LEARNING_RATE, weightDecay: 0.01 }),
      groups: [{ match: isUsuallyUndecayed, weightDecay: 0 }],
      maxNorm: 1,
      seed: 1,
      parameters: initial.weights,
      threads: Number(threads),
      hasMicroBatches: perRun < rows,
    });
    return new Steps(batches, perRun, step);
  }

  async run(steps: number): Promise<Answer> {
    const warm = this.#count === 0 ? WARM_STEPS : 0;
    const msPerStep: number[] = [];
    const losses: number[] = [];
    const gradientNorms: number[] = [];
    for (let turn = 0; turn < warm + steps; turn++) {
      const batch = this.#batches[this.#count++ % this.#batches.length] as LabelledRows;
      const start = performance.now();
      const input = { step: this.#count, learningRate: LEARNING_RATE, scalars: {} };
      const [result] = await this.#step.run([{ ...input, batches: microBatches(batch, this.#perRun) }]);
      if (result?.isApplied !== true) throw new Error(`step ${this.#count} diverged`);
      if (turn >= warm) msPerStep.push(performance.now() - start);
      losses.push(result.loss);
      gradientNorms.push(result.gradientNorm);
    }
    return { msPerStep, losses, gradientNorms };
  }

  release(): Promise<void> {
    return this.#step.release();
  }
}

const say = (answer: object) => console.log(JSON.stringify(answer));
const { node } = process.versions;
say({ ready: true, environment: { node, threads: Number(threads), parameters: initial.model.parameters.length } });
let open: { readonly key: string; readonly steps: Steps } | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === '') break;
  const request = JSON.parse(line) as Case | { readonly products: Parameters<typeof productRates>[0] };
  if ('products' in request) {
    say(await productRates(request.products, { threads: Number(threads) }));
    continue;
  }
  const key = `${request.length} ${request.dropout}`;
  if (open?.key !== key) {
    await open?.steps.release();
    open = { key, steps: await Steps.open(request) };
  }
  say(await open.steps.run(request.steps));
}
await open?.steps.release();
