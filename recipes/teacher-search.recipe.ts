/**
 * @file How a teacher is best fine-tuned: MiniLM-L6 on SST-2 with several epochs, learning rates and layer-wise rates, on the
 * same rows and seeds. Scored on 5,000 training rows that none of them learns from; the splits
 * that results are reported on are not read. Appends each finished run to `results/teacher-search.jsonl` and resumes by it; a run
 * that was stopped is resumed at its last epoch.
 *
 *   RETORT_DATA=… npm run recipe -- teacher-search [--settings defaults,faster] [--rows 10000] [--seeds 2] [--threads N]
 *   [--work .bench] [--results results]
 */
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadTextSet, splitOf, stratifiedSplit, stratifiedSubset } from '../src/entries/data.js';
import { mean, type RightRows } from '../src/entries/experiments.js';
import { loadTextModel } from '../src/entries/models.js';
import type { FineTuneOptions } from '../src/index.js';
import { chosenNames } from './chosen-names.js';
import { keptLines } from './kept-json.js';
import { gainText, pairedGain } from './paired-gain.js';
import { LIMITS, limitsOf } from './run-limits.js';
import { scoreOf } from './score-of.js';
import { taughtBy } from './text-students.js';

const INNER_ROWS = 5000;
const MONITORED_ROWS = 500;

type Setting = Required<Pick<FineTuneOptions, 'epochs' | 'learningRate' | 'layerDecay'>>;
/** The first one of as many training rows is what the others are compared with. */
const SETTINGS = {
  defaults: { learningRate: 3e-5, epochs: 3, layerDecay: 1 },
  shorter: { learningRate: 3e-5, epochs: 2, layerDecay: 1 },
  longer: { learningRate: 3e-5, epochs: 5, layerDecay: 1 },
  faster: { learningRate: 5e-5, epochs: 3, layerDecay: 1 },
  fastest: { learningRate: 1e-4, epochs: 3, layerDecay: 1 },
  'faster-layers': { learningRate: 1e-4, epochs: 3, layerDecay: 0.9 },
  'fastest-layers': { learningRate: 2e-4, epochs: 3, layerDecay: 0.8 },
  // As many epochs as `retort train` has of few rows.
  'few-rows': { learningRate: 3e-5, epochs: 20, layerDecay: 1 },
  'few-rows-fastest': { learningRate: 1e-4, epochs: 20, layerDecay: 1 },
} as const satisfies Readonly<Record<string, Setting>>;
type SettingName = keyof typeof SETTINGS;

type TeacherRun = {
  readonly setting: SettingName;
  /** That it learnt from; all without the inner ones is 62,349. */
  readonly rows: number;
  readonly seed: number;
  /** Percent of the inner rows. */
  readonly score: number;
  readonly right: RightRows;
  readonly seconds: number;
};

/** By the number of training rows, over the first setting on the same rows and seeds. */
export function teacherSearchTable(folder: string): string {
  const runs = keptLines<TeacherRun>(fileIn(folder));
  const sizes = [...new Set(runs.map(({ rows }) => rows))].sort((a, b) => a - b);
  const of = (setting: SettingName, rows: number) =>
    new Map(runs.filter((run) => run.setting === setting && run.rows === rows).map((run) => [run.seed, run]));
  const names = Object.keys(SETTINGS) as SettingName[]; // of the table by construction
  const lines = sizes.flatMap((rows) => {
    const ran = names.filter((name) => of(name, rows).size > 0);
    return ran.map((name) => {
      const found = of(name, rows);
      const { learningRate, epochs, layerDecay } = SETTINGS[name];
      const all = [...found.values()];
      const cells = [
        ...[rows.toLocaleString('en'), learningRate.toExponential(), epochs, layerDecay],
        mean(all.map(({ score }) => score)).toFixed(2),
        name === ran[0] ? '' : gainText(pairedGain(found, of(ran[0] ?? name, rows))),
        found.size,
      ];
      return `| ${cells.join(' | ')} |`;
    });
  });
  return [
    '| training rows | learning rate | epochs | layer decay | inner rows, % | over the first | seeds |',
    '| ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...lines,
    '',
  ].join('\n');
}

function fileIn(folder: string): string {
  return join(folder, 'teacher-search.jsonl');
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      settings: { type: 'string' },
      rows: { type: 'string' },
      seeds: { type: 'string', default: '2' },
      work: { type: 'string', default: '.bench' },
      results: { type: 'string', default: 'results' },
      ...LIMITS,
    },
  });
  const task = await loadTextSet('sst2', { dir: process.env.RETORT_DATA, onBadRow: () => {} });
  const { part: inner, rest } = stratifiedSplit(splitOf(task, 'train'), { rows: INNER_ROWS }, 0);
  const train = values.rows === undefined ? rest : stratifiedSubset(rest, { rows: Number(values.rows) }, 0);
  const file = fileIn(values.results);
  for (let seed = 1; seed <= Number(values.seeds); seed++) {
    for (const setting of chosenNames('--settings', SETTINGS, values.settings?.split(','))) {
      if (
        keptLines<TeacherRun>(file).some(
          (run) => run.setting === setting && run.rows === train.size && run.seed === seed,
        )
      )
        continue;
      const begun = performance.now();
      const outputDir = join(values.work, 'teacher-search', `${train.size}-${setting}-${seed}`);
      const model = await taughtBy(
        await loadTextModel('minilm-l6'),
        // Only to be looked at on the way: no epoch is chosen by it.
        { ...task, train, dev: stratifiedSubset(inner, { rows: MONITORED_ROWS }, 0) },
        { ...SETTINGS[setting], ...limitsOf(values), seed, outputDir },
      );
      const { score, right } = await scoreOf(model, inner);
      const seconds = Math.round((performance.now() - begun) / 1000);
      appendFileSync(file, `${JSON.stringify({ setting, rows: train.size, seed, score, right, seconds })}\n`);
      console.log(`${setting}, ${train.size} rows, seed ${seed}: ${score.toFixed(2)} (${seconds} s)`);
      rmSync(outputDir, { recursive: true, force: true });
    }
  }
  console.log(teacherSearchTable(values.results));
}
