/**
 * @file Judges every experiment of `results/` anew from the rows that its runs have kept, and trains nothing: intervals and
 * verdicts of `results/NAME.json` from `results/NAME.jsonl`, gains of the methods and of the assistants. For when a verdict's
 * definition changes. `results-page` then fills the page.
 *
 *   npm run recipe -- rejudge
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ExperimentRecord,
  judge,
  judgeSoftTargets,
  type PrimerResult,
  readExperimentRecord,
  rejudged,
  rowsPart,
  runsBeside,
  writeExperimentRecord,
} from '../src/entries/experiments.js';
import { type TakdResults, gainsOf as takdGains } from './takd-mnist.recipe.js';
import { type MethodResults, gainsOf as methodGains } from './text-methods.recipe.js';
import { writeFileAtomic } from './write-file.js';

const FOLDER = 'results';
const FORMAT: ExperimentRecord['format'] = 'retort-experiment';
const PRIMER_CONTROLS = {
  noTeacher: 'retort-no-teacher',
  hardLabels: 'hard-labels',
  shuffledTeacher: 'shuffled-teacher',
  labelSmoothing: 'label-smoothing',
};

function jsonOf(name: string): unknown {
  return JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));
}

type Primer = Pick<PrimerResult['figures'], 'arms' | 'gains'>;

async function rejudgePrimer(path: string): Promise<void> {
  const figures = JSON.parse(readFileSync(path, 'utf8')) as Primer;
  const runs = await runsBeside(path);
  const gains = figures.gains.map(({ arm, over }) => {
    const scoresOf = (name: string) => figures.arms.find((one) => one.name === name)?.accuracies ?? [];
    const keptOf = (name: string) => runs.flatMap((run) => (run.arm === name ? [run.result] : []));
    const rows = rowsPart(keptOf(arm), keptOf(over), 'accuracy');
    return judge({ arm, over, scores: scoresOf(arm), otherScores: scoresOf(over), ...(rows && { rows }) });
  });
  const softTargets = judgeSoftTargets('retort', PRIMER_CONTROLS, gains);
  const shown = gains.map(({ arm, over, mean, low, high, fromSeeds, fromRows, verdict }) => ({
    ...{ arm, over, mean, low, high, fromSeeds, fromRows, verdict },
  }));
  await writeFileAtomic(path, `${JSON.stringify({ ...figures, gains: shown, softTargets }, null, 1)}\n`);
  for (const { arm, text } of gains) console.log(`primer: ${arm}: ${text}`);
}

export async function main(): Promise<void> {
  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.json'))) {
    if ((jsonOf(name) as { format?: string }).format !== FORMAT) continue;
    const path = join(FOLDER, name);
    const record = rejudged(await readExperimentRecord(path), await runsBeside(path));
    await writeExperimentRecord(path, record);
    for (const { arm, text } of record.gains) console.log(`${name}: ${arm}: ${text}`);
  }
  await rejudgePrimer(join(FOLDER, 'primer-20-seeds.json'));
  const methods = jsonOf('text-methods.json') as MethodResults;
  const gains = await methodGains(methods.methods, join(FOLDER, 'text-methods'));
  await writeFileAtomic(join(FOLDER, 'text-methods.json'), `${JSON.stringify({ ...methods, gains })}\n`);
  const takd = jsonOf('takd-mnist.json') as TakdResults;
  const anew = { ...takd, gains: takdGains(takd.runs, Object.keys(takd.gains)) };
  await writeFileAtomic(join(FOLDER, 'takd-mnist.json'), `${JSON.stringify(anew, null, 1)}\n`);
}
