/** @file `retort ask`. */
import { formatCount, money } from '../../../errors/number-text.js';
import { askQuestions, planQuestions } from '../../../experiments/asking/ask-questions.js';
import { type Asked, type AskOptions, ask, planAsking } from '../../../experiments/asking/ask-texts.js';
import type { Known } from '../../../experiments/asking/known-labels.js';
import type { Flips } from '../../../experiments/asking/self-agreement.js';
import type { TeacherCheck } from '../../../experiments/asking/teacher-check.js';
import { smokeLine } from '../../../experiments/distillation/open-teachers.js';
import { asJson } from '../../../files/fingerprint.js';
import { askedBy, type CommandIo, type CommandOutput } from '../../command.js';
import { foldWords } from '../../fold-words.js';
import { formatDuration } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import { renderTable } from '../../table.js';
import { DEFAULT_COLUMNS } from '../../terminal.js';
import { expectKeyAllowed } from '../distill/key-allowance.js';
import type { askUsage } from './usage.js';

type Options = OptionValues<typeof askUsage.options>;

/** Labels and bins that a page holds. */
const SHOWN_LABELS = 8;

export async function askAboutTexts(options: Options, io: CommandIo): Promise<CommandOutput> {
  const asked: AskOptions = {
    ...options,
    ...askedBy(io),
    onNotice: io.onNotice,
    onDeparture: (departure) => expectKeyAllowed(departure, options, io),
    onTerms: io.say,
    onShared: io.say,
    onProgress: (what, { rows, done, fromLog, cost, estimatedCost }) =>
      io.onLabelling(what === 'texts' ? options.teacher : what, {
        done: done - fromLog,
        total: rows - fromLog,
        known: fromLog,
        ...(cost !== undefined && { cost: `cost ${money(cost)} of about ${money(estimatedCost ?? cost)}` }),
      }),
    onSmoke: (report) => io.say(smokeLine(report)),
    onCheck: (check) => io.say(againText(check)),
    // Asked for once the work starts: until then Ctrl-C ends the process at once.
    get signal() {
      return options.showPrompt ? undefined : io.interruption();
    },
  };
  const columns = io.columns ?? DEFAULT_COLUMNS;
  if (options.questions === undefined) {
    if (options.showPrompt) return promptOutput(await planAsking(asked));
    return outputOf(await ask(asked), options, columns);
  }
  if (options.showPrompt) return promptOutput(await planQuestions(asked));
  const outputs = Object.entries(await askQuestions(asked)).map(([name, one]) => {
    const { text, json } = outputOf(one, options, columns);
    return { name, text: `${name}\n${text}`, json };
  });
  return {
    text: outputs.map(({ text }) => text).join('\n\n'),
    json: { questions: Object.fromEntries(outputs.map(({ name, json }) => [name, json])) },
  };
}

function promptOutput({ prompt, plan, labels }: Awaited<ReturnType<typeof planAsking>>): CommandOutput {
  const { rows, unanswered, cost, seconds } = plan;
  const price = cost === undefined ? '' : `, about ${money(cost)}`;
  const time = seconds === undefined || seconds === 0 ? '' : `, at least ${formatDuration(seconds)}`;
  const texts = `${formatCount(unanswered)} of ${formatCount(rows)} texts to ask about${price}${time}`;
  return {
    text: [prompt, '', texts, 'nothing was sent or written: leave out --show_prompt to ask'].join('\n'),
    json: { prompt, labels, texts: rows, unanswered, cost: cost ?? null, seconds: seconds ?? null },
  };
}

function outputOf(asked: Asked, { data }: Options, columns: number): CommandOutput {
  const { texts, rows, labels, predicted, refused, malformed, outputFile, log, report, check, known } = asked;
  const fold = (text: string) => foldWords(text.split(' '), columns).join('\n');
  const counts = labels
    .map((label, c) => [label, predicted[c] as number] as const)
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN_LABELS);
  const more = labels.length > SHOWN_LABELS ? [`… and ${labels.length - SHOWN_LABELS} labels more`] : [];
  const without = [
    ...(refused > 0 ? [`${formatCount(refused)} refused`] : []),
    ...(malformed > 0 ? [`${formatCount(malformed)} without a label`] : []),
  ];
  const price = report.cost === undefined ? '' : `, cost ${money(report.cost)}`;
  return {
    text: [
      renderTable(
        ['label', 'texts'],
        counts.map(([label, count]) => [label, formatCount(count)]),
        columns,
      ),
      ...more,
      '',
      ...(check === undefined ? [] : [...checkLines(check, columns), '']),
      ...(known === undefined ? [] : [fold(knownText(known)), '']),
      ...(report.differing === 0
        ? []
        : [
            fold(
              `${formatCount(report.differing)} replies name another label than the one that their log-probabilities make most likely`,
            ),
          ]),
      `texts    ${formatCount(texts)} of ${formatCount(rows)} rows${without.length > 0 ? `, ${without.join(', ')}` : ''}`,
      `replies  ${log}  (${formatCount(report.inputTokens)} tokens read, ${formatCount(report.outputTokens)} written${price})`,
      `saved    ${outputFile}`,
      `next     retort distill ${data} --teacher ${outputFile} --model ngram`,
    ].join('\n'),
    json: asJson({ ...asked, check: check ?? null, known: known ?? null }),
  };
}

function againText({ again, rows }: TeacherCheck): string {
  return `check of ${formatCount(rows)} texts: asked again, ${flipsText(again)}`;
}

function flipsText({ rows, flips, interval, distance }: Flips): string {
  const [low = 0, high = 0] = interval ?? [];
  const share = rows === 0 ? '' : ` (${percent(flips / rows)}, 95 % interval ${percent(low)} to ${percent(high)})`;
  return `another class for ${formatCount(flips)} of ${formatCount(rows)}${share}, mean distance of the probabilities ${distance.toFixed(3)}`;
}

function checkLines(check: TeacherCheck, columns: number): string[] {
  const { again, orders, byLabel } = check;
  const flipping = byLabel.filter((label) => label.again.flips + label.orders.flips > 0).slice(0, SHOWN_LABELS);
  const cell = ({ flips, rows }: Flips) => `${flips} of ${rows}`;
  const said = [
    againText(check),
    ...orders.map((order, i) => `the labels in ${i === 0 ? 'reverse' : 'another'} order: ${flipsText(order)}`),
    ...(again.flips > 0 || orders.some(({ flips }) => flips > 0)
      ? [
          'What the model does not repeat, a student cannot be held to. This is no upper limit of its agreement: a ' +
            'student that always gives the most likely class agrees at least as often as the model with itself.',
        ]
      : []),
  ];
  const rows = flipping.map((label) => [label.label, cell(label.again), cell(label.orders)]);
  return [
    ...said.map((text) => foldWords(text.split(' '), columns).join('\n')),
    ...(rows.length === 0 ? [] : ['', renderTable(['label', 'other class, again', 'in other orders'], rows, columns)]),
  ];
}

function knownText({ rows, right, interval: [low, high], confidence, calibration }: Known): string {
  return (
    `${formatCount(rows)} texts with a known label: right for ${percent(right / rows)} (95 % interval ${percent(low)} to ${percent(high)}), ` +
    `mean confidence ${percent(confidence)}, expected calibration error ${percent(calibration.ece)}, log loss ${calibration.nll.toFixed(3)}`
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
