import { OUTPUT_SETTINGS } from '../../options/run-settings.js';
import { type CommandUsage, defineCommand } from '../command.js';
import { messageOptions } from '../shared-options.js';

export const reportUsage = {
  name: 'report',
  summary: 'one HTML page of what an experiment asked, did and found',
  description:
    'Writes one HTML file that needs no network and no script: verdict, arms, gains, soft targets, confusion, training ' +
    'curves, cost, and how to get it again.',
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

export const reportCommand = defineCommand({
  ...reportUsage,
  run: async (options) => {
    const { writeReport } = await import('./report-files.js');
    return writeReport(options);
  },
});
