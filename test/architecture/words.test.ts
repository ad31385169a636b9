/** @file Docs, help pages and messages keep to the words of "Style of words" in CONTRIBUTING.md. */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { retiredIn, retiredPhrases, withoutTable } from './retired-words.js';
import { readSources } from './sources.js';
import { textsOf } from './texts.js';

/** Files that still have retired words, by their names alone; a file that has none any more is to be taken out. */
const STILL: readonly string[] = [
  'answers.ts',
  'arms.ts',
  'cache-folder.ts',
  'cached-teacher.ts',
  'checkpoint.ts',
  'column-roles.ts',
  'comparable-arms.ts',
  'compare-on-seeds.ts',
  'config.md',
  'connection.ts',
  'cross-entropy.ts',
  'data.md',
  'distilbert.md',
  'distill.ts',
  'dropout-masks.ts',
  'early-stopping.ts',
  'endpoint-client.ts',
  'endpoint-questioning.ts',
  'endpoint-spending.ts',
  'ensemble-teacher.ts',
  'evaluate.ts',
  'evidence-settings.ts',
  'experiment-record.ts',
  'experiment.ts',
  'fingerprint.ts',
  'hugging-face.ts',
  'idx.ts',
  'init-data.ts',
  'intents.schema.ts',
  'json-lines.ts',
  'kept-answers.ts',
  'keys.ts',
  'label-column.ts',
  'labelling-lines.ts',
  'layer-wise.ts',
  'live-run.ts',
  'load.ts',
  'minilm.md',
  'mixkd.md',
  'mixkd.ts',
  'mlm.ts',
  'model-export.ts',
  'multi-task-run.ts',
  'output-folder.ts',
  'path-checks.ts',
  'phase-checks.ts',
  'phased-run.ts',
  'pieces.ts',
  'plan-lines.ts',
  'pool-file.ts',
  'pool-tail.ts',
  'pos-lexicon.ts',
  'prepare-run.ts',
  'primer-arm-run.ts',
  'primer-arms.ts',
  'proposal.ts',
  'read-text-table.ts',
  'read-text.ts',
  'read.ts',
  'recorded-row.ts',
  'recorded-teacher.ts',
  'results-file.ts',
  'run-settings.ts',
  'run.ts',
  'safetensors.ts',
  'saved-model.ts',
  'self-kd.md',
  'self-kd.ts',
  'set-sources.ts',
  'sparse-table.ts',
  'stage-share.ts',
  'stages.ts',
  'start-settings.ts',
  'table-rows.ts',
  'tagged-texts.ts',
  'takd.ts',
  'task-settings.ts',
  'teacher-settings.ts',
  'text-checks.ts',
  'text-distillation.ts',
  'text-inputs.ts',
  'text-lines.ts',
  'text-sets.ts',
  'text-settings.ts',
  'tinybert.md',
  'tinybert.ts',
  'train.ts',
  'usage.ts',
  'verdict.ts',
  'well-read.md',
  'word-vectors.ts',
  'yaml-tree.ts',
];

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const contributing = readFileSync(`${ROOT}CONTRIBUTING.md`, 'utf8');
const phrases = retiredPhrases(contributing);

/** All that is read by users: the pages, and the texts in the sources. */
function readTexts(): ReadonlyMap<string, readonly string[]> {
  const docs = readdirSync(`${ROOT}docs`, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  const pages = ['README.md', ...docs.map((name) => `docs/${name}`)].map((path) => {
    return [path, [readFileSync(`${ROOT}${path}`, 'utf8')]] as const;
  });
  const sources = [...readSources()].map(([path, source]) => {
    const { errors, others } = textsOf(path, source);
    return [`src/${path}`, [...errors, ...others]] as const;
  });
  return new Map([...pages, ['CONTRIBUTING.md', [withoutTable(contributing)]], ...sources]);
}

describe('docs, help and messages', () => {
  const found = [...readTexts()].flatMap(([path, texts]) => {
    const problems = texts.flatMap((text) => retiredIn(text, phrases));
    return problems.length === 0 ? [] : [{ path, name: posix.basename(path), problems }];
  });

  test('have no retired words', () => {
    const wrong = found.filter(({ name }) => !STILL.includes(name));
    expect(wrong.flatMap(({ path, problems }) => problems.map((problem) => `${path}: ${problem}`))).toEqual([]);
  });

  test('are not excused without need', () => {
    const names = new Set(found.map(({ name }) => name));
    expect(STILL.filter((name) => !names.has(name))).toEqual([]);
  });
});

describe('retired words', () => {
  test('are read from the table', () => {
    expect(phrases.length).toBeGreaterThan(40);
    expect(phrases.map(({ phrase }) => phrase)).toContain('parted by');
  });

  test.each([
    ['names parted\n  by commas', 1],
    ['Mend that row.', 1],
    ['amend the table, commend nobody', 0],
    ['it guesses hidden words', 1],
    ["the teacher's answers", 1],
    ['a stageless run', 0],
  ])('in "%s": %i', (text, count) => {
    expect(retiredIn(text, phrases)).toHaveLength(count);
  });
});
