/** @file `retort export`. */

import { formatCount } from '../../../errors/number-text.js';
import { exportModel } from '../../../export/export-model.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { formatMegabytes } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import type { exportUsage } from './usage.js';

export async function exportTrained(
  options: OptionValues<typeof exportUsage.options>,
  io: CommandIo,
): Promise<CommandOutput> {
  const { to, outputDir } = options;
  const { onNotice, onDownload } = io;
  const labelNames = options.labelNames?.split(',').map((name) => name.trim());
  const { path, labelNames: labels, ...written } = await exportModel({ ...options, labelNames, onNotice, onDownload });
  const { kind, parameters, bytes } = written;
  const size = bytes === undefined ? '' : `, ${formatMegabytes(bytes)}`;
  return {
    text: `exported ${kind}, ${formatCount(parameters)} parameters${size}: ${outputDir}`,
    json: { model: path, format: to, outputDir, labels, ...written },
  };
}
