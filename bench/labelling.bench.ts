/**
 * @file MiniLM with a head labels SST-2's 67,349 training sentences as a teacher does, session opening included: float32, texts of
 * like length together, at most 2,048 tokens a run. PyTorch runs the same batches. Rounds alternate.
 *
 *   RETORT_DATA=… npm run bench -- labelling [--rows 67349] [--rounds 3] [--mode float32] [--alone] [--plain-malloc]
 *
 * With fewer rows, a stratified subset. The modes of PyTorch are those of peers/modes.py.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { batchesByLength } from '../src/data/length-order.js';
import { stratifiedSubset } from '../src/data/stratified.js';
import { textDataset } from '../src/data/text-dataset.js';
import { loadTextSet } from '../src/data/text-sets.js';
import { splitOf } from '../src/data/text-task.js';
import { loadHuggingFace, saveHuggingFace } from '../src/models/hugging-face.js';
import { resolveModel } from '../src/models/hugging-face-cache.js';
import { modelTeacher } from '../src/teachers/model-teacher.js';
import { loadTokenizer } from '../src/tokenizers/load-tokenizer.js';
import { spread } from './figures.js';
import { rowsOf } from './finetune.js';
import { hasPyTorch, startPeer } from './peers/peer.js';

/** As the teacher has them. */
const RUN = { maxRows: 256, maxTokens: 2048 };
const ALL_ROWS = 67_349;

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string', default: String(ALL_ROWS) },
      rounds: { type: 'string', default: '3' },
      mode: { type: 'string', default: 'float32' },
      alone: { type: 'boolean', default: false },
      /** PyTorch as it is installed, without the allocator settings that make it faster. */
      'plain-malloc': { type: 'boolean', default: false },
    },
  });
  const dir = process.env.RETORT_DATA;
  if (dir === undefined) {
    console.log('RETORT_DATA is not set: no SST-2 to label');
    return;
  }
  const task = await loadTextSet('sst2', { dir });
  const all = splitOf(task, 'train');
  const rows = Number(values.rows);
  const table = rows === all.size ? all : stratifiedSubset(all, { rows }, 1);
  const source = await resolveModel('minilm-l6');
  const loaded = await loadHuggingFace(source, { labelNames: task.labelNames, seed: 1 });
  const begun = performance.now();
  const data = textDataset(table, await loadTokenizer(source), { model: loaded.model });
  console.log(`${table.size} texts to ids: ${((performance.now() - begun) / 1000).toFixed(1)} s`);

  const folder = mkdtempSync(join(tmpdir(), 'retort-bench-'));
  try {
    await saveHuggingFace(join(folder, 'model'), loaded);
    const { lengths, ids } = rowsOf(data);
    const batches = Array.from(batchesByLength(Uint32Array.from(lengths), RUN), (batch) => Array.from(batch));
    writeFileSync(join(folder, 'rows.json'), JSON.stringify({ lengths, ids, batches }));
    const script = join(process.cwd(), 'bench', 'peers', 'labelling.py');
    const flags = ['--model', join(folder, 'model'), '--rows', join(folder, 'rows.json'), '--mode', values.mode];
    const peer =
      values.alone || !hasPyTorch()
        ? undefined
        : await startPeer(script, [...flags, ...(values['plain-malloc'] ? ['--plain-malloc'] : [])]);
    if (peer) console.log(`PyTorch: ${JSON.stringify(peer.greeting.environment)}`);
    try {
      const teacher = modelTeacher({ ...loaded, path: source, contentHash: '' }, { threads: 2 });
      const everyRow = Uint32Array.from(lengths, (_, row) => row);
      const ours: number[] = [];
      const theirs: number[] = [];
      let same = 0;
      let peerPeak = 0;
      for (let round = 0; round < Number(values.rounds); round++) {
        const start = performance.now();
        const answers = await teacher.answer(data, ['logits']);
        ours.push((performance.now() - start) / 1000);
        if (!peer) continue;
        const { seconds, classes, peakMegabytes } = await peer.ask({});
        theirs.push(Number(seconds));
        peerPeak = Number(peakMegabytes);
        const logits = answers.batch(everyRow, table.size).logits?.data as Float32Array;
        same = everyRow.filter((row) => {
          const isSecond = (logits[2 * row + 1] as number) > (logits[2 * row] as number);
          return Number(isSecond) === (classes as number[])[row];
        }).length;
      }
      const perSecond = (seconds: readonly number[]) =>
        spread(
          seconds.map((value) => table.size / value),
          0,
        );
      console.log(`retort ${spread(ours)} s, ${perSecond(ours)} sentences a second`);
      console.log(`peak memory of this process: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
      if (!peer) return;
      const ratios = theirs.map((value, i) => value / (ours[i] as number));
      console.log(`PyTorch ${spread(theirs)} s, ${perSecond(theirs)}; ratio ${spread(ratios, 2)}`);
      console.log(
        `the same label for ${same} of ${table.size} sentences; PyTorch's peak memory ${peerPeak.toFixed(0)} MB`,
      );
    } finally {
      await peer?.stop();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
