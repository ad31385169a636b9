import { type CommandUsage, defineCommand } from '../command.js';
import { messageOptions } from '../shared-options.js';

export const doctorUsage = {
  name: 'doctor',
  summary: 'what could go wrong: versions, threads, disk, data, checkpoints, teachers',
  description:
    'Looks at the machine and at what is named. A model is tried on the data that is named beside it. Leaves with 1 if ' +
    'there is a problem.',
  options: {
    paths: { kind: 'operand', placeholder: 'path', many: true, help: 'folders of data, models, runs, experiments' },
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
  ],
} as const satisfies CommandUsage;

export const doctorCommand = defineCommand({
  ...doctorUsage,
  run: async ({ paths, outputDir }) => {
    const { examine } = await import('../../experiments/doctor.js');
    const { hasProblem } = await import('../../experiments/finding.js');
    const findings = await examine({ paths, outputDir });
    const text = findings.map(
      ({ level, what, fix }) => `${level.padEnd(8)} ${what}${fix === undefined ? '' : `\n${' '.repeat(9)}→ ${fix}`}`,
    );
    const problems = hasProblem(findings);
    const exit = problems ? { exitCode: 1 as const } : {};
    return { text: text.join('\n'), json: { isHealthy: !problems, findings }, ...exit };
  },
});
