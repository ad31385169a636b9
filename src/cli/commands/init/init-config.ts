/** @file `retort init`. */
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { rowsByText } from '../../../data/rows-by-text.js';
import type { TextTable } from '../../../data/text-table.js';
import { splitOf } from '../../../data/text-task.js';
import { OptionError, OutputError } from '../../../errors/failures.js';
import { formatCount } from '../../../errors/number-text.js';
import { figuresOf, promisesGain, whatToUse } from '../../../experiments/what-to-use.js';
import { writeFileAtomic } from '../../../files/atomic-write.js';
import { asJson } from '../../../files/fingerprint.js';
import { makeFolder } from '../../../files/make-folder.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { configText } from '../../config/config-text.js';
import { type DataFacts, dataFacts } from '../../config/data-facts.js';
import { SCHEMA_TITLE, schemaText } from '../../config/json-schema.js';
import { expectationLines, outlineOf, proposeConfig } from '../../config/proposal.js';
import type { OptionValues } from '../../options.js';
import { shownLine } from '../../terminal.js';
import { type InitData, readInitData, sourceOf } from './init-data.js';
import type { initUsage } from './usage.js';

type Options = OptionValues<typeof initUsage.options>;

const SCHEMA = 'retort.schema.json';
const SCHEMA_MARK = `"title": "${SCHEMA_TITLE}"`;

/**
 * Looks at the data and writes config and schema.
 * @throws OutputError for a config that is there; FileError, OptionError for data that cannot be read, or whose columns
 * cannot be told apart.
 */
export async function writeConfig(options: Options, io: CommandIo): Promise<CommandOutput> {
  const { data, overwrite, latencyUs } = options;
  const output = configPath(options.output);
  const schemaPath = join(dirname(output), SCHEMA);
  await expectFree(output, overwrite);
  await expectFree(schemaPath, overwrite, true);
  const read = await readInitData({ ...options, output }, io);
  const facts = dataFacts(splitOf(read.task, 'train'));
  expectLearnable(data, facts);
  const source = sourceOf(data, read, facts);
  const use = whatToUse(outlineOf(facts, source, latencyUs));
  const sections = proposeConfig(use.line, facts, source);
  const findings = [...findingsOf(data, facts, read), ...expectationLines(use, latencyUs)];
  await makeFolder(dirname(output));
  await writeFileAtomic(schemaPath, schemaText());
  await writeFileAtomic(output, configText(sections, { findings, schema: SCHEMA }));
  const next = [
    `retort distill ${output} --rows 300 --max_steps 5 --seeds 1 --output_dir outputs/try`,
    `retort distill ${output} --dry_run`,
    `retort distill ${output}`,
  ];
  const proposed = sections.map(({ section, value, lines }) => {
    const values = lines.filter(({ isOff }) => !isOff).map((line) => [line.key, line.value] as const);
    return [section, value ?? Object.fromEntries(values)] as const;
  });
  return {
    text: [
      ...findings.map(shownLine),
      `config   ${output}`,
      `schema   ${schemaPath}, for completion in editors`,
      `next     ${next[0]}   # does it run?`,
      `         ${next[1]}   # how long?`,
      `         ${next[2]}`,
    ].join('\n'),
    json: {
      config: output,
      schema: schemaPath,
      facts: asJson(facts),
      badRows: read.badRows,
      use: { name: use.line.name, promisesGain: promisesGain(use.line), evidence: asJson(figuresOf(use.line)) },
      proposed: Object.fromEntries(proposed),
      next,
    },
  };
}

const CONFIG = 'retort.yaml';

/** In a folder under the usual name. @throws OptionError for a name by which other commands know no config. */
function configPath(output: string): string {
  if (/\.ya?ml$/i.test(output)) return output;
  const isFolder = /[\\/]$/.test(output) || statSync(output, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isFolder) return join(output, CONFIG);
  const fix = `write ${output}.yaml, or ${output}/ for a folder`;
  throw new OptionError({
    where: '--output',
    wanted: 'a name that ends with .yaml, or a folder',
    got: `'${output}'`,
    fix,
  });
}

/** @throws OptionError for what teaches nothing. */
function expectLearnable(data: string, { rows, labels, isRegression, unlabelled }: DataFacts): void {
  if (isRegression ? unlabelled < rows : labels.filter((label) => label.rows > 0).length >= 2) return;
  throw new OptionError({
    where: data,
    wanted: isRegression ? 'a row with a score' : 'at least two labels',
    got: isRegression || labels.length === 0 ? 'none' : `one, '${labels[0]?.name ?? ''}'`,
    fix: 'say which column: --label NAME, or --score NAME for a regression',
  });
}

const SHOWN_LABELS = 6;
const FEW_ROWS = 2;
const MANY_LETTERS = 0.3;

function findingsOf(data: string, facts: DataFacts, { badRows, test, pool, task }: InitData): string[] {
  const { rows, labels, isPair, isRegression, unlabelled, words, duplicates, conflicts, empty, otherScripts } = facts;
  const largest = labels.toSorted((a, b) => b.rows - a.rows);
  const rare = labels.filter((label) => label.rows < FEW_ROWS);
  const counts = listed(largest.map(({ name, rows: each }) => `${name} (${formatCount(each)})`));
  const kind = isRegression ? 'with scores' : `${formatCount(labels.length)} labels: ${counts}`;
  const some = (count: number, what: string) => (count === 0 ? [] : [`${what}: ${formatCount(count)}`]);
  return [
    `${data}: ${formatCount(rows)} rows${isPair ? ' of pairs' : ''}, ${kind}`,
    `words of a text: ${words.median} at the median, ${words.most95} or fewer in 95 % of the rows`,
    ...(test === undefined ? [] : [`test split: ${test}; scored once at the end, and not for choosing models`]),
    ...(pool === undefined ? [] : [poolFinding(pool, splitOf(task, 'train'))]),
    ...some(badRows, 'rows that cannot be read'),
    ...some(unlabelled, `rows without a ${isRegression ? 'score' : 'label'}`),
    ...some(empty, 'empty texts'),
    ...some(duplicates, 'duplicate texts'),
    ...some(conflicts, 'duplicates with another label'),
    ...(rare.length === 0 ? [] : [`labels with one row or none: ${listed(rare.map(({ name }) => name))}`]),
    ...(otherScripts > MANY_LETTERS
      ? ['many letters are not Latin, and minilm-l6 knows English: name another model']
      : []),
  ];
}

function poolFinding({ table, file }: NonNullable<InitData['pool']>, train: TextTable): string {
  const known = rowsByText(train);
  let overlap = 0;
  for (let row = 0; row < table.size; row++) if (known.firstLike(table, row) !== undefined) overlap += 1;
  const also = overlap === 0 ? 'none of them a training text' : `${formatCount(overlap)} of them training texts too`;
  return `unlabelled texts: ${formatCount(table.size)} (${file}), ${also}`;
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, SHOWN_LABELS).join(', ')}${names.length > SHOWN_LABELS ? ' and more' : ''}`;
}

/** @throws OutputError for a file that is there, unless it is to be replaced, or is a schema that another version wrote. */
async function expectFree(path: string, overwrite: boolean, isSchema = false): Promise<void> {
  if (overwrite || !existsSync(path)) return;
  if (isSchema && (await readFile(path, 'utf8').catch(() => '')).includes(SCHEMA_MARK)) return;
  const fix = 'pass --overwrite to replace it, or --output to write elsewhere';
  throw new OutputError({ where: path, wanted: 'a new file', got: 'one that is there', fix });
}
