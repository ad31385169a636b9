import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileLayout, fileTargets, splitColumnOf } from '../../../data/file-columns.js';
import { loadMnist } from '../../../data/mnist.js';
import { NO_SPLIT } from '../../../data/split-column.js';
import { OptionError, OutputError } from '../../../errors/failures.js';
import { examine } from '../../../experiments/doctor.js';
import { hasProblem } from '../../../experiments/finding.js';
import { standingOf } from '../../../experiments/results-file.js';
import type { TextPlace } from '../../../experiments/text-checks.js';
import { statIfThere, writeFileAtomic } from '../../../files/atomic-write.js';
import { outputFailure } from '../../../files/file-failure.js';
import { asJson } from '../../../files/fingerprint.js';
import { defined } from '../../../options/given.js';
import { compareRuns } from '../../../report/compare.js';
import { reportHtml } from '../../../report/html.js';
import { reportMarkdown, standingMarkdown } from '../../../report/markdown.js';
import { findExperimentRecord, shippedCertificate, unfinishedResults } from '../../../report/record-file.js';
import { experimentStanding } from '../../../report/standing.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { foldWords } from '../../fold-words.js';
import type { OptionValues } from '../../options.js';
import { renderTable } from '../../table.js';
import { DEFAULT_COLUMNS } from '../../terminal.js';
import type { compareUsage, doctorUsage, reportUsage } from './usage.js';

type ReportOptions = OptionValues<typeof reportUsage.options>;

/** `retort report`. */
export async function writeReport(options: ReportOptions, io: CommandIo): Promise<CommandOutput> {
  const unfinished = await unfinishedResults(options.run);
  if (unfinished !== undefined) return standing(unfinished, options, io.columns);
  const { path, record } = await findExperimentRecord(options.run);
  const verdict = record.headline?.text ?? null;
  const certificate = await shippedCertificate(path, record);
  if (options.markdown) return { text: reportMarkdown(record, certificate), json: { record: path, verdict } };
  const file = options.outputFile ?? join(dirname(path), 'report.html');
  if (!options.overwrite) await expectNoFile(file);
  const page = reportHtml(record, certificate);
  await writeFileAtomic(file, page);
  return {
    text: `${verdict === null ? '' : `${verdict}\n`}report ${file}`,
    json: { record: path, report: file, bytes: Buffer.byteLength(page), verdict },
  };
}

/** What `retort report` prints of an experiment without a record: there is no page of it yet. */
async function standing(results: string, options: ReportOptions, columns = DEFAULT_COLUMNS): Promise<CommandOutput> {
  if (options.outputFile !== undefined) {
    throw new OptionError({
      where: '--output_file',
      wanted: 'an experiment that is finished',
      got: results,
      fix: 'finish it with --resume, or leave the option out: where the experiment stands is printed',
    });
  }
  const { arms, paired, ...shown } = experimentStanding(await standingOf(results));
  const { before, after, headings, rows } = shown;
  const fold = (sentences: string) => foldWords(sentences.split(' '), columns).join('\n');
  const text = options.markdown
    ? standingMarkdown({ arms, paired, ...shown })
    : [fold(before), '', renderTable(headings, rows, columns), '', fold(after)].join('\n');
  return { text, json: asJson({ results, isFinished: false, verdict: null, paired, arms }) };
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

type CompareOptions = OptionValues<typeof compareUsage.options>;

/** `retort compare`. */
export async function compare({ runs, metric, smallestEffect, dataDir }: CompareOptions): Promise<CommandOutput> {
  const { text, ...compared } = await compareRuns(runs, {
    ...defined({ metric, smallestEffect }),
    ...(dataDir !== undefined && {
      labels: (await loadMnist(dataDir, { maxTrainSamples: 1, mayFill: false })).test.labels,
    }),
  });
  return { text, json: asJson(compared) };
}

type DoctorOptions = OptionValues<typeof doctorUsage.options>;

/** `retort doctor`. */
export async function diagnose({ paths, outputDir, ...flags }: DoctorOptions): Promise<CommandOutput> {
  const findings = await examine({ paths, outputDir, texts: await textPlace(flags) });
  const text = findings.map(({ level, what, fix, name }) => {
    const named = name === undefined ? what : `${name}: ${what}`;
    return `${level.padEnd(8)} ${named}${fix === undefined ? '' : `\n${' '.repeat(9)}→ ${fix}`}`;
  });
  const problems = hasProblem(findings);
  const exit = problems ? { exitCode: 1 as const } : {};
  return { text: text.join('\n'), json: { isHealthy: !problems, findings }, ...exit };
}

type TextFlags = Omit<DoctorOptions, 'paths' | 'outputDir'>;

/** The columns as `readTextTask` has them. */
async function textPlace({ dataDir, dev, test, maxLength, metric, ...columns }: TextFlags): Promise<TextPlace> {
  return {
    dir: dataDir ?? process.env.RETORT_DATA,
    ...defined({ maxLength, metric, split: splitColumnOf(columns) }),
    ...defined({ dev, test: test === NO_SPLIT ? null : test }),
    ...fileLayout(columns),
    ...(await fileTargets(columns)),
  };
}
