/** @file The article in one go: teacher, small model, small model with the teacher's help. */
import { join } from 'node:path';
import { loadMnist } from '../../../data/mnist.js';
import { OptionError } from '../../../errors/failures.js';
import { statIfThere } from '../../../files/atomic-write.js';
import { loadModel } from '../../../models/saved-model.js';
import { modelTeacher } from '../../../teachers/model-teacher.js';
import { runTraining } from '../../../training/run/run.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { foldWords } from '../../fold-words.js';
import { formatCount } from '../../numbers.js';
import { type OptionValues, readOptions } from '../../options.js';
import { type PrimerRow, renderPrimerTable } from '../../table.js';
import { DEFAULT_COLUMNS } from '../../terminal.js';
import { articleKd } from './digit-distillation.js';
import { type Distillation, digitData, digitDevice, digitRun } from './digit-training.js';
import type { primerUsage } from './usage.js';
import { mnistOptions } from './usage.js';

/** The article's three commands: what differs between them, and the accuracies it prints, in percent. */
const RUNS = [
  { model: 'teacher', article: 92.51, fc1Size: 16, numTrainEpochs: 3, maxTrainSamples: -1, isTaught: false },
  { model: 'small', article: 63.18, fc1Size: 4, numTrainEpochs: 40, maxTrainSamples: 800, isTaught: false },
  { model: 'small-with-kd', article: 71.38, fc1Size: 4, numTrainEpochs: 40, maxTrainSamples: 800, isTaught: true },
] as const;
const ALPHA = 0.8;
const TEMPERATURE = 20;

type PrimerValues = OptionValues<typeof primerUsage.options>;
export type ArticleRow = PrimerRow & { readonly path: string };

/** `retort primer --quick`. */
export async function runQuickPrimer(options: PrimerValues, io: CommandIo): Promise<CommandOutput> {
  const outputDir = await primerFolder(options);
  const rows = await trainArticle(options, io, outputDir);
  return outputOf(rows, outputDir, options.seed, io.columns ?? DEFAULT_COLUMNS);
}

/**
 * The folder of a primer: the one that is named, or a new one.
 * @throws OptionError for flags that need a named one.
 */
export async function primerFolder({ outputDir, resume, overwrite }: PrimerValues): Promise<string> {
  if (outputDir !== undefined) return outputDir;
  if (!resume && !overwrite) return newFolderName();
  throw new OptionError({
    where: resume ? '--resume' : '--overwrite',
    wanted: 'the folder of the earlier primer',
    got: 'no --output_dir',
    fix: 'add --output_dir, or leave the flag out to train in a new folder',
  });
}

/** Trains the article's three models, each in a folder of its own. */
export async function trainArticle(options: PrimerValues, io: CommandIo, outputDir: string): Promise<ArticleRow[]> {
  const device = await digitDevice(options);
  const mnist = await loadMnist(options.dataDir, { onNotice: io.notice });
  // In a new folder there is nothing to go on from later, so there Ctrl-C ends it at once.
  const signal = options.outputDir === undefined ? undefined : io.interruption();
  const defaults = readOptions('retort primer', mnistOptions, { flags: new Map(), operands: [] }).values;
  const rows: ArticleRow[] = [];
  for (const { model, article, isTaught, ...differs } of RUNS) {
    const settings = {
      ...defaults,
      ...differs,
      ...options,
      outputDir: join(outputDir, model),
      saveTopK: 0,
      saveLast: true,
    };
    const data = digitData(mnist, settings);
    let distillation: Distillation | undefined;
    if (isTaught) {
      const teacher = modelTeacher(await loadModel(join(outputDir, 'teacher')), { threads: options.threads, device });
      distillation = { method: articleKd(ALPHA, TEMPERATURE), teacher };
    }
    io.say(
      `${rows.length + 1}/${RUNS.length} ${model}: 784-${settings.fc1Size}-10, ${formatCount(data.train.size)} images, ` +
        `${settings.numTrainEpochs} epochs`,
    );
    const { record } = await runTraining({
      ...digitRun(settings, data, device, distillation),
      command: io.commandLine,
      onEvent: io.onEvent,
      ...(signal !== undefined && { signal }),
    });
    rows.push({
      model,
      parameters: record.parameters,
      articleAccuracy: article,
      ourAccuracy: 100 * (record.metrics.accuracy ?? NaN),
      seconds: record.seconds,
      path: settings.outputDir,
    });
  }
  return rows;
}

/** `outputs/primer-20260131-235959`, with a number after it if that is taken. */
async function newFolderName(): Promise<string> {
  const [date, time] = new Date().toISOString().replace(/[-:]/g, '').split(/[T.]/);
  const base = join('outputs', `primer-${date}-${time}`);
  let name = base;
  for (let count = 2; (await statIfThere(name)) !== undefined; count++) name = `${base}-${count}`;
  return name;
}

function outputOf(rows: readonly ArticleRow[], outputDir: string, seed: number, columns: number): CommandOutput {
  const remarks = [
    'Accuracy on the 10,000 test images after the last epoch.',
    `One seed (${seed}) is an anecdote: with another, the small models move by tens of points. Whether KD helps takes ` +
      'many seeds.',
  ];
  return {
    text: [
      renderPrimerTable(rows, columns),
      '',
      ...remarks.flatMap((remark) => foldWords(remark.split(' '), columns)),
      `Models: ${outputDir}`,
    ].join('\n'),
    json: {
      seeds: [seed],
      outputDir,
      models: rows.map(({ model, parameters, articleAccuracy, ourAccuracy, seconds, path }) => ({
        model,
        parameters,
        articleAccuracyPercent: articleAccuracy,
        accuracyPercent: ourAccuracy ?? null,
        seconds: seconds ?? null,
        outputDir: path,
      })),
    },
  };
}
