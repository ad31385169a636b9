/**
 * @file What the optimiser on the host costs: nanoseconds a parameter of the dense kernels, and milliseconds a step of
 * a sparse word-embedding table with exact catch-up. Prints median (min–max).
 */
import { HostOptimizer } from '../src/optim/host-optimizer.js';
import { OPTIMIZERS, type OptimizerName } from '../src/optim/table.js';
import { RandomStream } from '../src/tensor/random.js';
import { spread } from './figures.js';

const DENSE_PARAMETERS = 10_000_000;
const ROUNDS = 15;
const [ROWS, WIDTH] = [30_522, 384];
const WARMUP_STEPS = 300;
const MEASURED_STEPS = 200;

function milliseconds(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** Adam in plain JavaScript, the baseline: norm and update, no weight decay. */
function plainAdam(step: number, w: Float32Array, m: Float32Array, v: Float32Array, g: Float32Array): number {
  let square = 0;
  for (let i = 0; i < g.length; i++) square += (g[i] as number) ** 2;
  const root = Math.sqrt(1 - 0.999 ** step);
  const stepSize = (1e-3 * root) / (1 - 0.9 ** step);
  for (let i = 0; i < w.length; i++) {
    const gradient = g[i] as number;
    const mean = 0.9 * (m[i] as number) + 0.1 * gradient;
    const second = 0.999 * (v[i] as number) + 0.001 * gradient * gradient;
    m[i] = mean;
    v[i] = second;
    w[i] = (w[i] as number) - (stepSize * mean) / (Math.sqrt(second) + 1e-8 * root);
  }
  return square;
}

function benchDense(): void {
  const times: Record<string, number[]> = { 'plain JavaScript adam': [] };
  const hosts = (Object.keys(OPTIMIZERS) as OptimizerName[]).map((name) => {
    const optimizer = OPTIMIZERS[name](name === 'sgd' ? { momentum: 0.9 } : {});
    const host = new HostOptimizer({ optimizer, parameters: [{ name: 'w', shape: [DENSE_PARAMETERS] }], maxNorm: 1 });
    host.gradient('w').fill(1e-3);
    const times_: number[] = [];
    times[`kernel ${name}${name === 'sgd' ? ' (momentum)' : ''}`] = times_;
    return { host, times: times_ };
  });
  const plain = Array.from({ length: 4 }, () => new Float32Array(DENSE_PARAMETERS).fill(1e-3));
  for (let round = 1; round <= ROUNDS + 2; round++) {
    const [w, m, v, g] = plain as [Float32Array, Float32Array, Float32Array, Float32Array];
    const baseline = milliseconds(() => plainAdam(round, w, m, v, g));
    // Two rounds for the compilers.
    if (round > 2) times['plain JavaScript adam']?.push(baseline);
    for (const { host, times: own } of hosts) {
      const time = milliseconds(() => host.step({ step: round }));
      if (round > 2) own.push(time);
    }
  }
  console.log(
    `dense, ${DENSE_PARAMETERS / 1e6} M parameters, gradient norm and update, ns a parameter, ${ROUNDS} rounds`,
  );
  for (const [name, values] of Object.entries(times)) {
    const nanoseconds = values.map((value) => (value * 1e6) / DENSE_PARAMETERS);
    console.log(`  ${name.padEnd(24)} ${spread(nanoseconds, 2)}`);
  }
}

/** Ids by Zipf's law: word number r with probability ∝ 1 / r. */
function zipfSampler(random: RandomStream): () => number {
  let total = 0;
  const cumulative = Float64Array.from({ length: ROWS }, (_, i) => {
    total += 1 / (i + 1);
    return total;
  });
  return () => {
    const wanted = random.uniform() * total;
    let [low, high] = [0, ROWS - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulative[middle] as number) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

function benchSparse(count: number, weightDecay: number): void {
  const optimizer = OPTIMIZERS.adamw({ learningRate: 5e-5, weightDecay });
  const host = new HostOptimizer({
    optimizer,
    parameters: [{ name: 'words', shape: [ROWS, WIDTH], maxIds: count }],
    maxNorm: 1,
    replaySteps: WARMUP_STEPS + MEASURED_STEPS + 1,
  });
  const random = new RandomStream(1, 'bench');
  const draw = zipfSampler(random);
  const words = host.parameter('words');
  for (let i = 0; i < words.length; i++) words[i] = random.uniform(-0.04, 0.04);
  const times = { gather: [] as number[], scatter: [] as number[], step: [] as number[], sum: [] as number[] };
  for (let step = 1; step <= WARMUP_STEPS + MEASURED_STEPS; step++) {
    const ids = BigInt64Array.from({ length: count }, () => BigInt(draw()));
    const gradients = host.tokenGradients('words', count);
    for (let i = 0; i < gradients.length; i++) gradients[i] = 1e-4 * ((i & 7) - 3.5);
    const gather = milliseconds(() => host.gatherRows('words', ids));
    const scatter = milliseconds(() => host.scatterRows('words', ids));
    const update = milliseconds(() => host.step({ step }));
    if (step <= WARMUP_STEPS) continue;
    times.gather.push(gather);
    times.scatter.push(scatter);
    times.step.push(update);
    times.sum.push(gather + scatter + update);
  }
  const flush = milliseconds(() => host.flush());
  console.log(`sparse, ${ROWS} × ${WIDTH}, ${count} ids by Zipf's law, adamw, weight decay ${weightDecay}; ms a step`);
  console.log(`  catch-up and gather      ${spread(times.gather, 2)}`);
  console.log(`  sum of token gradients   ${spread(times.scatter, 2)}`);
  console.log(`  norm and update          ${spread(times.step, 2)}`);
  console.log(`  all                      ${spread(times.sum, 2)}   over ${MEASURED_STEPS} steps`);
  console.log(`  one flush after ${WARMUP_STEPS + MEASURED_STEPS} steps ${flush.toFixed(0)}`);
}

export function main(): void {
  benchDense();
  for (const count of [512, 4096]) for (const weightDecay of [0, 0.01]) benchSparse(count, weightDecay);
}
