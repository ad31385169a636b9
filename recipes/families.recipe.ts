/**
 * @file Families of small students by size: each with a teacher and without, on SST-2, TREC, BANKING77 and MRPC, on paired
 * seeds. The teacher is MiniLM-L6, fine-tuned on all rows (on BANKING77 its mean with the linear model), and answers a pool
 * of other texts as well (`pools.ts`); a control learns from the labels alone, for as many steps. SST-2 is scored on its
 * validation split and its test sentences together; `results/families.json` has them apart. Appends each finished run to
 * `results/families/SET-FAMILY.jsonl` and resumes by arm and seed.
 *
 *   RETORT_DATA=… npm run recipe -- families [--sets sst2,trec] [--families ngram,static-small] [--seeds N] [--threads N]
 *   RETORT_DATA=… npm run recipe -- families --speed     sizes, latency and throughput, into results/family-speed.json
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { splitOf, type TextTask } from '../src/entries/data.js';
import { loadTextModel, saveModel } from '../src/entries/models.js';
import { fitLinearModel } from '../src/entries/training.js';
import { type DistillTextsOptions, distill } from '../src/index.js';
import { chosenNames } from './chosen-names.js';
import { summarise } from './family-figures.js';
import { type OpenedSet, openSet } from './family-set.js';
import { FAMILIES, type FamilyName, SETS, type SetName } from './family-settings.js';
import { measureSpeed } from './family-speed.js';
import { LIMITS, type Limits, limitsOf } from './run-limits.js';
import { taughtBy } from './text-students.js';

type Where = { readonly work: string; readonly results: string };

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sets: { type: 'string' },
      families: { type: 'string' },
      seeds: { type: 'string' },
      work: { type: 'string', default: '.bench' },
      results: { type: 'string', default: 'results' },
      speed: { type: 'boolean', default: false },
      ...LIMITS,
    },
  });
  const { work, results } = values;
  const sets = chosenNames('--sets', SETS, values.sets?.split(','));
  const families = chosenNames('--families', FAMILIES, values.families?.split(','));
  if (values.speed) return measureSpeed({ sets, families, work, results });
  mkdirSync(join(results, 'families'), { recursive: true });
  for (const set of sets) {
    const opened = await openSet(set);
    const teacher = await teacherFor(set, opened.taught, { work, results }, limitsOf(values));
    for (const family of families) {
      if (FAMILIES[family].sets?.includes(set) === false) continue;
      const seeds = Number(values.seeds ?? FAMILIES[family].seeds ?? 5);
      await runCell({ set, family, seeds, teacher, ...opened }, { work, results }, limitsOf(values));
      await summarise(results);
    }
  }
}

/** Folders of the teachers, which an ensemble has several of. */
async function teacherFor(set: SetName, task: TextTask, { work }: Where, limits: Limits): Promise<string> {
  const { training, hasLinear = false } = SETS[set];
  const folder = join(work, `${set}-teacher`);
  const pretrained = await loadTextModel('minilm-l6');
  await taughtBy(pretrained, task, { ...training, ...limits, outputDir: folder });
  if (!hasLinear) return folder;
  const linear = join(work, `${set}-linear`);
  if (!existsSync(linear)) await saveModel(linear, await fitLinearModel(splitOf(task, 'train'), { seed: 42 }));
  return `${folder},${linear}`;
}

type Cell = OpenedSet & {
  readonly set: SetName;
  readonly family: FamilyName;
  readonly seeds: number;
  readonly teacher: string;
};

async function runCell({ set, family, seeds, teacher, task, transfer }: Cell, where: Where, limits: Limits) {
  const name = `${set}-${family}`;
  const { settings, bySet = {} } = FAMILIES[family];
  const options: DistillTextsOptions = {
    ...settings,
    ...bySet[set],
    ...limits,
    teacher,
    task,
    test: 'none',
    ...(transfer && { transfer }),
    controls: FAMILIES[family].hasBaseline ? ['no-teacher', 'linear'] : ['no-teacher'],
    seeds,
    cacheDir: join(where.work, `${set}-answers`),
    outputDir: join(where.work, 'families', name),
    resultsFile: join(where.results, 'families', `${name}.jsonl`),
    resume: true,
    command: `npm run recipe -- families --sets ${set} --families ${family}`,
    onEvent: (event) => {
      if (event.type === 'notice') console.log(event.text);
      if (event.type === 'teacher') console.log(`${name}, teacher: ${event.score.toFixed(2)}`);
      if (event.type !== 'experiment' || event.event.type !== 'run-end') return;
      const { arm, seed, score, seconds, finished, runs } = event.event;
      console.log(
        `${name} ${finished}/${runs} ${arm}, seed ${seed}: ${(100 * score).toFixed(2)} (${seconds.toFixed(0)} s)`,
      );
    },
  };
  const { record } = await distill(options);
  for (const { text } of record.gains) console.log(text);
}
