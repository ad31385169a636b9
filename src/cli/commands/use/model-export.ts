/** @file `retort export`. */

import { formatCount } from '../../../errors/number-text.js';
import { shippedModel } from '../../../experiments/shipped-model.js';
import { exportModel } from '../../../export/export-model.js';
import { precisionsOf } from '../../../export/precisions.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { formatMegabytes } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import type { exportUsage } from './usage.js';

export async function exportTrained(
  given: OptionValues<typeof exportUsage.options>,
  io: CommandIo,
): Promise<CommandOutput> {
  const { onNotice, onDownload } = io;
  const options = { ...given, model: await shippedModel(given.model, onNotice) };
  const { to, outputDir } = options;
  const labelNames = options.labelNames?.split(',').map((name) => name.trim());
  const precision = options.precision === undefined ? undefined : precisionsOf(options.precision);
  const exported = await exportModel({ ...options, precision, labelNames, onNotice, onDownload });
  const { path, labelNames: labels, ...written } = exported;
  const { kind, parameters, bytes } = written;
  const size = bytes === undefined ? '' : `, ${formatMegabytes(bytes)}`;
  return {
    text: `exported ${kind}, ${formatCount(parameters)} parameters${size}: ${outputDir}`,
    json: { model: path, format: to, outputDir, labels, ...written },
  };
}
