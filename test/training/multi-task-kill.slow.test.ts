/** @file A run of two tasks, killed while it trains: it ends in the bytes of the one that nothing disturbed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runModule, temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();

/** Its first argument is the output folder. The teacher of `a` answers as a saved model would. */
const CHILD = `
  const { trainTasks } = await import('DIST/training/tasks/multi-task-run.js');
  const { textTasks } = await import('DIST/training/tasks/text-tasks.js');
  const { bam } = await import('DIST/methods/bam.js');
  const { bert } = await import('DIST/models/bert.js');
  const { initialiseParameters } = await import('DIST/nn/parameters.js');
  const { adamw } = await import('DIST/optim/adamw.js');
  const { textTable } = await import('DIST/data/text-table.js');
  const { wordTokenizer } = await import('DIST/tokenizers/word-vocabulary.js');
  const words = ['good', 'bad', 'film', 'the'];
  const tokenizer = wordTokenizer(words, { split: 'spaces', lowercase: true });
  const model = bert({ vocab_size: tokenizer.vocabularySize, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 8 });
  const texts = (size) => Array.from({ length: size }, (_, i) => Array.from({ length: 1 + (i % 5) }, (_, j) => words[(i * 7 + j * j) % 4]).join(' '));
  const table = (name, size) => textTable(name, { texts: texts(size), labels: texts(size).map((_, i) => i % 2), labelNames: ['x', 'y'] });
  const made = textTasks(
    { model, weights: initialiseParameters(model.parameters, 1), tokenizer },
    [{ name: 'a', train: table('a train', 60), dev: table('a dev', 20) }, { name: 'b', train: table('b train', 33) }],
    { seed: 1 },
  );
  const logits = (rows, paddedTo) => Float32Array.from({ length: 2 * paddedTo }, (_, i) => Math.sin(i + rows[(i >> 1) % rows.length]));
  const teacher = {
    name: 'sine', provides: ['logits'], classes: 2, labelNames: ['x', 'y'], contentHash: 'sine',
    answer: async () => ({
      signals: { logits: { dtype: 'float32', shape: [2] } },
      batch: (rows, paddedTo) => ({ logits: { dtype: 'float32', shape: [paddedTo, 2], data: logits(rows, paddedTo) } }),
    }),
  };
  await trainTasks({
    ...made,
    tasks: made.tasks.map((task) => (task.name === 'a' ? { ...task, teacher } : task)),
    method: bam(), sampling: 'size^0.75',
    optimizer: adamw({ learningRate: 0.01 }), epochs: 6, batchSize: 4, seed: 3, threads: 1,
    outputDir: process.argv[2] ?? process.argv[1], resume: true, stateSeconds: 0,
  });
  console.log('done');
`;

/** The model, and the log without its times. */
function ends(folder: string): readonly [model: string, log: string] {
  const model = readFileSync(join(folder, 'last.ckpt', 'model.safetensors')).toString('hex');
  return [model, readFileSync(join(folder, 'log.jsonl'), 'utf8').replace(/"seconds":[\d.e-]+/g, '')];
}

test('killed three times while it trains, it ends in the same bytes', async () => {
  const whole = join(root, 'whole');
  const { stdout, stderr } = await runModule(CHILD, [whole]).ended;
  expect(stdout, stderr).toContain('done');
  const parted = join(root, 'parted');
  for (const point of ['after rename resume 3', 'during write log.jsonl 2', 'before rename metrics.json 1']) {
    const killed = await runModule(CHILD, [parted], { fault: `SIGKILL ${point}` }).ended;
    expect(killed.code, `${point}: ${killed.stderr}`).toBe(null);
  }
  const last = await runModule(CHILD, [parted]).ended;
  expect(last.stdout, last.stderr).toContain('done');
  expect(ends(parted)).toEqual(ends(whole));
});
