import { dirname, join } from 'node:path';
import { OutputError } from '../../errors/failures.js';
import { statIfThere, writeFileAtomic } from '../../files/atomic-write.js';
import { outputFailure } from '../../files/file-failure.js';
import { reportHtml } from '../../report/html.js';
import { reportMarkdown } from '../../report/markdown.js';
import { findExperimentRecord } from '../../report/record-file.js';
import type { CommandOutput } from '../command.js';
import type { OptionValues } from '../options.js';
import type { reportUsage } from './report.js';

/** `retort report`. */
export async function writeReport(options: OptionValues<typeof reportUsage.options>): Promise<CommandOutput> {
  const { path, record } = await findExperimentRecord(options.run);
  const verdict = record.headline?.text ?? null;
  if (options.markdown) return { text: reportMarkdown(record), json: { record: path, verdict } };
  const file = options.outputFile ?? join(dirname(path), 'report.html');
  if (!options.overwrite) await expectNoFile(file);
  const page = reportHtml(record);
  await writeFileAtomic(file, page);
  return {
    text: `${verdict === null ? '' : `${verdict}\n`}report ${file}`,
    json: { record: path, report: file, bytes: Buffer.byteLength(page), verdict },
  };
}

/** @throws OutputError for a file that is there; a device or a pipe is no report that could be lost. */
async function expectNoFile(path: string): Promise<void> {
  let existing: Awaited<ReturnType<typeof statIfThere>>;
  try {
    existing = await statIfThere(path);
  } catch (error) {
    throw outputFailure(error, path);
  }
  if (!existing?.isFile()) return;
  throw new OutputError({
    where: path,
    wanted: 'a new file',
    got: 'one that is there',
    fix: 'pass --overwrite to replace it, or --output_file to write elsewhere',
  });
}
