import process from 'node:process';
import { COLUMN_SETTINGS, ROW_SETTINGS, SPLIT_SETTINGS } from '../../data/task-settings.js';
import type { TextPlace } from '../../experiments/text-checks.js';
import { type CommandUsage, defineCommand } from '../command.js';
import type { OptionValues } from '../options.js';
import { messageOptions } from '../shared-options.js';

export const doctorUsage = {
  name: 'doctor',
  config: 'doctor',
  summary: 'what could go wrong: versions, threads, disk, data, checkpoints, teachers',
  description:
    'Looks at the machine and at what is named: texts (a file, a data set by name), folders of data, models, runs, or a ' +
    'retort.yaml with all of these. A model is tried on the data that is named beside it. Findings have names, as the ' +
    'warnings of a run have. Leaves with 1 if there is a problem.',
  options: {
    paths: {
      kind: 'operand',
      placeholder: 'path',
      many: true,
      help: 'files of texts, data sets by name, folders of data, models, runs, experiments',
    },
    dataDir: ROW_SETTINGS.dataDir,
    dev: SPLIT_SETTINGS.dev,
    ...COLUMN_SETTINGS,
    maxLength: SPLIT_SETTINGS.maxLength,
    outputDir: {
      kind: 'text',
      placeholder: 'folder',
      default: '.',
      group: 'Output',
      help: 'where results are to be written',
    },
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

export const doctorCommand = defineCommand({
  ...doctorUsage,
  run: async ({ paths, outputDir, ...flags }) => {
    const { examine } = await import('../../experiments/doctor.js');
    const { hasProblem } = await import('../../experiments/finding.js');
    const findings = await examine({ paths, outputDir, texts: textPlace(flags) });
    const text = findings.map(({ level, what, fix, name }) => {
      const named = name === undefined ? what : `${name}: ${what}`;
      return `${level.padEnd(8)} ${named}${fix === undefined ? '' : `\n${' '.repeat(9)}→ ${fix}`}`;
    });
    const problems = hasProblem(findings);
    const exit = problems ? { exitCode: 1 as const } : {};
    return { text: text.join('\n'), json: { isHealthy: !problems, findings }, ...exit };
  },
});

type TextFlags = Omit<OptionValues<typeof doctorUsage.options>, 'paths' | 'outputDir'>;

/** The columns as `readTextTask` has them. */
function textPlace({ dataDir: dir, dev: scored, textColumn, pairColumn, labelColumn, ...rest }: TextFlags): TextPlace {
  const { scoreColumn: score, maxLength: cut } = rest;
  return {
    dir: dir ?? process.env.RETORT_DATA,
    ...(scored !== undefined && { dev: scored }),
    ...(textColumn !== undefined && { text: textColumn }),
    ...(pairColumn !== undefined && { pair: pairColumn }),
    ...(score === undefined ? { label: labelColumn ?? 'label' } : { score, label: null }),
    ...(cut !== undefined && { maxLength: cut }),
  };
}
