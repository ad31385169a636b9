/** @file `retort distill`. */
import { join } from 'node:path';
import { OptionError } from '../../errors/failures.js';
import { CONTROLS, type Control } from '../../experiments/distillation/controls.js';
import { type DistillEvent, distill } from '../../experiments/distillation/distill.js';
import { writeFileAtomic } from '../../files/atomic-write.js';
import type { Method } from '../../methods/method.js';
import { METHODS } from '../../methods/table.js';
import { openAnyModel } from '../../models/any-model.js';
import { findModelFolder } from '../../models/model-folder.js';
import { reportHtml } from '../../report/html.js';
import { resolveDevice } from '../../runtime/devices.js';
import { isKeptSignal, modelTeacher } from '../../teachers/model-teacher.js';
import type { Teacher } from '../../teachers/teacher.js';
import { textTeacher } from '../../teachers/text-teacher.js';
import { loadTokenizer } from '../../tokenizers/load-tokenizer.js';
import { tokenizerHash } from '../../tokenizers/tokenizer-hash.js';
import type { CommandIo, CommandOutput } from '../command.js';
import { foldWords } from '../fold-words.js';
import { nearest } from '../nearest.js';
import { formatCount, formatDuration } from '../numbers.js';
import type { OptionValues } from '../options.js';
import { renderTable } from '../table.js';
import { DEFAULT_COLUMNS } from '../terminal.js';
import type { distillUsage } from './distill.js';
import { findOnHub } from './hub-models.js';
import { nameFlags, trainingRun } from './text-training.js';
import type { trainUsage } from './train.js';
import { checkModelFlags, openStartingModel, type StartingModel } from './training-model.js';
import { dataName, readTrainingTask, type TrainingTask } from './training-task.js';

type Options = OptionValues<typeof distillUsage.options>;
type TrainOptions = OptionValues<typeof trainUsage.options>;

/** Distils on a data set or file, and reports. All that can be wrong with the flags is found before a model is opened. */
export async function distilOnTexts(options: Options, io: CommandIo): Promise<CommandOutput> {
  const trained = asTraining(options);
  checkModelFlags(trained);
  const method = methodOf(options);
  const controls = controlsOf(options.controls);
  const device = await resolveDevice(options.device);
  const task = await readTrainingTask(trained, io);
  const outputDir = options.outputDir ?? join('outputs', `${dataName(options.data)}-${method.name}`);
  try {
    const first = await openStartingModel(trained, task, io);
    const { run, data } = trainingRun(trained, task, first, { device, outputDir });
    const { model, optimizer, groups, maxGradNorm, schedule, warmupSteps, epochs, maxSteps, batchSize } = run;
    const { record, recordPath, studentPath } = await distill({
      teacher: await openedTeacher(options, method, task, first, io),
      student: {
        model,
        // A new head or embedding is another one for each seed; the first has said what there is to say of it.
        weights: async (seed) =>
          (await openStartingModel({ ...trained, seed }, task, { ...io, notice: () => {} })).weights,
        start: options.layers === undefined ? options.model : `first ${options.layers} layers of ${options.model}`,
      },
      data,
      method,
      optimizer,
      ...(groups && { groups }),
      ...(maxGradNorm !== undefined && { maxGradNorm }),
      ...(schedule && { schedule }),
      ...(warmupSteps !== undefined && { warmupSteps }),
      epochs,
      ...(maxSteps !== undefined && { maxSteps }),
      batchSize,
      tokensPerRun: options.tokensPerRun,
      ...(options.threads !== undefined && { threads: options.threads }),
      device,
      controls,
      seeds: options.seeds,
      smallestEffect: options.smallestEffect,
      outputDir,
      resume: options.resume,
      overwrite: options.overwrite,
      command: io.commandLine,
      onEvent: progressOf(io, options.seeds * (1 + controls.length)),
      signal: io.interruption(),
    });
    const report = join(outputDir, 'report.html');
    await writeFileAtomic(report, reportHtml(record));
    return outputOf(record, { outputDir, recordPath, studentPath, report }, io);
  } catch (error) {
    return nameFlags(error);
  }
}

/** The flags as those of a training: without what chooses among epochs. */
function asTraining(options: Options): TrainOptions {
  return { ...options, seed: 1, saveTopK: 0, earlyStopping: 0, monitor: undefined };
}

/** @throws OptionError for a method that does not exist, with the nearest name, and for options it does not have. */
function methodOf({ method: name, alpha, temperature, methodOptions }: Options): Method {
  const factory = Object.hasOwn(METHODS, name) ? METHODS[name as keyof typeof METHODS] : undefined;
  if (factory === undefined) {
    const names = Object.keys(METHODS);
    const near = nearest(name, names);
    throw new OptionError({
      where: '--method',
      wanted: names.join(', '),
      got: `'${name}'`,
      ...(near !== undefined && { fix: `did you mean ${near}?` }),
    });
  }
  return factory.fromRecord({
    ...(alpha !== undefined && { alpha }),
    ...(temperature !== undefined && { temperature }),
    ...parsedOptions(methodOptions),
  });
}

/** `beta=100,layers=skip` as a record; numbers become numbers. */
function parsedOptions(text: string | undefined): Record<string, string | number> {
  const given = (text ?? '').split(',').filter((part) => part.trim() !== '');
  return Object.fromEntries(
    given.map((part) => {
      const [name = '', ...rest] = part.split('=');
      const value = rest.join('=').trim();
      if (name.trim() === '' || value === '') {
        throw new OptionError({ where: '--method_options', wanted: 'name=value, parted by commas', got: `'${part}'` });
      }
      return [name.trim(), Number.isFinite(Number(value)) ? Number(value) : value];
    }),
  );
}

function controlsOf(text: string): Control[] {
  const given = text.split(',').map((name) => name.trim());
  const unknown = given.find((name) => !CONTROLS.some((control) => control === name));
  if (unknown === undefined) return CONTROLS.filter((control) => given.includes(control));
  throw new OptionError({ where: '--controls', wanted: CONTROLS.join(', '), got: `'${unknown}'` });
}

/** The teacher, whose answers are kept where they are one tensor a row, else part of each step. */
async function openedTeacher(
  { teacher: name, maxLength, threads, device }: Options,
  method: Method,
  task: TrainingTask,
  student: StartingModel,
  io: CommandIo,
): Promise<Teacher> {
  const folder = await findModelFolder(name, findOnHub(io));
  const opened = await openAnyModel(folder);
  const tokenizer = await loadTokenizer(opened.path);
  const compute = { ...(threads !== undefined && { threads }), device };
  const { labelNames } = task;
  const named = { ...opened, path: name };
  if (method.needs.every(isKeptSignal)) {
    return textTeacher(named, tokenizer, { ...compute, labelNames, ...(maxLength !== undefined && { maxLength }) });
  }
  if (tokenizerHash(tokenizer) === tokenizerHash(student.tokenizer)) return modelTeacher(named, compute);
  throw new OptionError({
    where: `method '${method.name}' with teacher ${name}`,
    wanted: "a student with the teacher's own tokenizer: the method compares them token by token",
    got: 'another tokenizer',
    fix: 'start the student from the teacher’s family (--model, --layers), or use a method of logits such as hinton',
  });
}

/** What the teacher scores, the progress of the run under way, and a line for each that is done. */
function progressOf(io: CommandIo, runs: number): (event: DistillEvent) => void {
  let done = 0;
  return (event) => {
    if (event.type === 'notice') io.notice(event.text);
    else if (event.type === 'teacher')
      io.say(`teacher ${event.name}: ${event.accuracy.toFixed(2)} % of the evaluation rows`);
    else if (event.type === 'training') {
      // The same for every run: once is enough.
      if (event.event.type !== 'notice' || done === 0) io.onEvent(event.event);
    } else if (event.event.type === 'start') done = event.event.finished;
    else if (event.event.type === 'run-end') {
      const { arm, seed, accuracy, seconds, finished } = event.event;
      done = finished;
      io.say(
        `${finished}/${runs}  ${arm}, seed ${seed}: ${(100 * accuracy).toFixed(2)} % (${formatDuration(seconds)})`,
      );
    }
  };
}

type Paths = {
  readonly outputDir: string;
  readonly recordPath: string;
  readonly studentPath: string;
  readonly report: string;
};

function outputOf(record: Awaited<ReturnType<typeof distill>>['record'], paths: Paths, io: CommandIo): CommandOutput {
  const columns = io.stdout.columns ?? DEFAULT_COLUMNS;
  const fold = (text: string) => foldWords(text.split(' '), columns).join('\n');
  const rows = record.arms.map(({ name, parameters, mean, sd, accuracies }) => [
    name,
    formatCount(parameters),
    sd === undefined ? `${mean.toFixed(2)} %` : `${mean.toFixed(2)} ± ${sd.toFixed(2)} %`,
    accuracies.map((accuracy) => accuracy.toFixed(1)).join(' '),
  ]);
  const answer = record.headline?.text;
  const further = record.gains.map(({ text }) => text).filter((text) => text !== answer);
  return {
    text: [
      renderTable(['arm', 'parameters', 'accuracy', 'by seed'], rows, columns),
      '',
      ...[answer, record.softTargets?.text, ...further].flatMap((text) => (text === undefined ? [] : [fold(text)])),
      '',
      `student  ${paths.studentPath}`,
      `report   ${paths.report}`,
      `next     retort predict ${paths.studentPath} "…"`,
    ].join('\n'),
    json: {
      ...paths,
      verdict: answer ?? null,
      teacher: { name: record.teacher?.name ?? '', accuracy: record.teacher?.accuracy ?? null },
      arms: record.arms.map(({ name, parameters, accuracies, mean, sd }) => ({
        name,
        parameters,
        accuracies,
        mean,
        sd: sd ?? null,
      })),
      gains: record.gains.map(({ arm, over, mean, low, high, verdict }) => ({
        ...{ arm, over, mean, verdict },
        low: low ?? null,
        high: high ?? null,
      })),
      seconds: record.seconds,
      peakRssBytes: record.peakRssBytes,
    },
  };
}
