/**
 * @file How many of the tokens fixed int8 ranges should hold: flips and changes of probability beside float32 on training rows,
 * of which one half is calibrated on and the other compared on, so that no row that is reported is looked at.
 *
 *   npm run bench -- int8-ranges --model CKPT --data sst2 [--data_dir DIR] [--rows 2000]
 */
import { parseArgs } from 'node:util';
import { loadTextSet, type TextSetName } from '../src/data/text-sets.js';
import { splitOf } from '../src/data/text-task.js';
import { calibrate } from '../src/export/calibrate.js';
import { openForm } from '../src/export/form.js';
import { exportedGraph } from '../src/export/onnx.js';
import type { OnnxFolderContent } from '../src/export/onnx-folder.js';
import type { Answer } from '../src/inference/answer.js';
import { openAnyModel } from '../src/models/any-model.js';
import { loadModelTokenizer } from '../src/models/model-tokenizer.js';

const SHARES = [0.99, 0.995, 0.999, 0.9995, 0.9999, 1];
/** Of a text that is calibrated on. */
const MAX_LENGTH = 128;

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      model: { type: 'string' },
      data: { type: 'string', default: 'sst2' },
      data_dir: { type: 'string' },
      rows: { type: 'string', default: '2000' },
    },
  });
  if (values.model === undefined) {
    console.log('--model is not given: nothing to compare');
    return;
  }
  const opened = await openAnyModel(values.model);
  const tokenizer = await loadModelTokenizer(opened);
  const content: OnnxFolderContent = { ...opened, tokenizer };
  const dir = values.data_dir ?? process.env.RETORT_DATA;
  const { texts } = splitOf(await loadTextSet(values.data as TextSetName, { dir }), 'train');
  const count = Math.min(Number(values.rows), texts.length);
  const rows = Array.from({ length: count }, (_, i) => texts[Math.floor((i * texts.length) / count)] as string);
  const compared = rows.filter((_, i) => i % 2 === 1);
  const feeds = rows
    .filter((_, i) => i % 2 === 0)
    .map((text) => tokenizer.encode([text], undefined, { maxLength: MAX_LENGTH }));

  const answersOf = async (more: Partial<OnnxFolderContent>): Promise<readonly Answer[]> => {
    const { model } = await openForm({ ...content, ...more });
    const answers = await model.predict(compared, { badRows: 'stop' });
    await model.release();
    return answers;
  };
  const float = await answersOf({});
  console.log(
    `| ${values.data}, ${compared.length} training rows | flips | mean change | largest |\n|---|---|---|---|`,
  );
  const report = (name: string, answers: readonly Answer[]): void => {
    const changes = answers.map((answer, row) => {
      const before = float[row]?.probabilities ?? [];
      return answer.probabilities.reduce((most, p, c) => Math.max(most, Math.abs(p - (before[c] as number))), 0);
    });
    const flips = answers.filter(({ label }, row) => label !== float[row]?.label).length;
    const mean = changes.reduce((sum, change) => sum + change, 0) / changes.length;
    console.log(`| ${name} | ${flips} | ${mean.toFixed(5)} | ${Math.max(...changes).toFixed(3)} |`);
  };
  report('a scale a token', await answersOf({ precision: 'int8' }));
  const graph = exportedGraph(content);
  for (const tokensWithin of SHARES) {
    const ranges = await calibrate(graph, feeds, { threads: 1, tokensWithin });
    report(
      `fixed ranges, ${(100 * tokensWithin).toFixed(2)} % of the tokens`,
      await answersOf({ precision: 'int8', ranges }),
    );
  }
}
