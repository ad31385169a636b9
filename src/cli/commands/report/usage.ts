import { COLUMN_SETTINGS, ROW_SETTINGS, SPLIT_SETTINGS } from '../../../data/task-settings.js';
import { EVIDENCE_SETTINGS } from '../../../experiments/distillation/evidence-settings.js';
import { JUDGED_METRICS } from '../../../metrics/table.js';
import { OUTPUT_SETTINGS } from '../../../options/run-settings.js';
import type { CommandUsage } from '../../command.js';
import { messageOptions } from '../../shared-options.js';

export const reportUsage = {
  name: 'report',
  summary: 'write one HTML page about an experiment',
  description:
    'Writes one HTML file that needs no network and no script: verdict, arms, gains, soft targets, confusion, training ' +
    'curves, cost, and how to reproduce it. Of an experiment that is not finished it prints where it stands: runs, ' +
    'means so far and what is left, without a verdict.',
  options: {
    run: {
      kind: 'operand',
      placeholder: 'experiment',
      required: true,
      help: 'the folder of an experiment, or its record',
    },
    outputFile: {
      kind: 'text',
      placeholder: 'file',
      group: 'Output',
      help: 'where to write the page',
      defaultSays: 'report.html beside the record',
    },
    overwrite: { kind: 'switch', group: OUTPUT_SETTINGS.overwrite.group, help: 'replace an earlier report' },
    markdown: {
      kind: 'switch',
      group: 'Output',
      conflictsWith: 'json',
      help: 'print a summary in Markdown, for a pull request, and write no page',
    },
    ...messageOptions,
  },
  examples: [
    { does: 'a page to read, send or print', line: 'retort report outputs/primer' },
    { does: 'a summary for a pull request', line: 'retort report outputs/primer --markdown' },
  ],
} as const satisfies CommandUsage;

export const compareUsage = {
  name: 'compare',
  config: 'compare',
  summary: 'compare runs paired by seed: confidence interval and verdict',
  description:
    'Compares the first arm with each of the others on the seeds that both have. Training runs whose options differ in ' +
    'the seed alone are one arm; an arm of an experiment is written EXPERIMENT#ARM. An experiment by itself gives its ' +
    'own comparisons, several are compared arm by arm.',
  options: {
    runs: { kind: 'operand', placeholder: 'run', required: true, many: true, help: 'folders of runs or experiments' },
    metric: {
      kind: 'choice',
      choices: JUDGED_METRICS,
      group: 'Verdict',
      help: 'metric to compare',
      defaultSays: 'the metric of the first experiment, or of the first run',
    },
    smallestEffect: {
      kind: 'number',
      above: 0,
      max: 100,
      group: 'Verdict',
      help: 'smallest gain of interest, in points',
      defaultSays: '0.5',
    },
    dataDir: {
      kind: 'text',
      placeholder: 'folder',
      group: 'Verdict',
      help: 'MNIST: runs that kept predictions.txt are then compared row by row',
    },
    ...messageOptions,
  },
  examples: [
    {
      does: 'three seeds with a teacher, three without',
      line: 'retort compare kd-1 kd-2 kd-3 plain-1 plain-2 plain-3',
    },
    { does: 'arms of two experiments', line: 'retort compare outputs/new#retort outputs/old#retort' },
  ],
} as const satisfies CommandUsage;

export const doctorUsage = {
  name: 'doctor',
  config: 'doctor',
  summary: 'check versions, threads, disk, data, checkpoints and teachers before a run',
  description:
    'Checks the machine and the given paths: texts (a file, a data set by name), folders of data, models, runs, or a ' +
    'retort.yaml with all of these. A model is evaluated on the data given with it. Findings have the names of a run’s ' +
    'warnings. The exit code is 1 if there is a problem.',
  options: {
    paths: {
      kind: 'operand',
      placeholder: 'path',
      many: true,
      help: 'files of texts, data sets by name, folders of data, models, runs, experiments',
    },
    dataDir: ROW_SETTINGS.dataDir,
    dev: SPLIT_SETTINGS.dev,
    test: SPLIT_SETTINGS.test,
    ...COLUMN_SETTINGS,
    maxLength: SPLIT_SETTINGS.maxLength,
    metric: EVIDENCE_SETTINGS.metric,
    outputDir: { kind: 'text', placeholder: 'folder', default: '.', group: 'Output', help: 'folder of the results' },
    ...messageOptions,
  },
  examples: [
    { does: 'this machine', line: 'retort doctor' },
    { does: 'a teacher and its data', line: 'retort doctor outputs/teacher data/mnist' },
    {
      does: 'texts, and a teacher on them',
      line: 'retort doctor reviews.csv outputs/teacher --text review --label stars',
    },
  ],
} as const satisfies CommandUsage;
