/** @file What `results/` says of the methods: a table of each recipe's, and a picture of each method's losses. */
import { median } from '../bench/figures.js';
import { mean, sampleSd } from '../src/entries/experiments.js';
import { decimal, namedInterval, signedPoints } from '../src/entries/report.js';
import type { MultiTaskResults } from './multi-task.recipe.js';
import { pairedGain } from './paired-gain.js';
import { COLOUR, FAINT, INK, LINE, svg, text } from './picture.js';
import type { TakdResults } from './takd-mnist.recipe.js';
import type { MethodGain, MethodResult, MethodResults } from './text-methods.recipe.js';

const PANEL = { width: 210, height: 110, gap: 26, top: 44, left: 16, bottom: 26 } as const;

const gained = (gain: MethodGain | undefined) =>
  gain === undefined ? '' : `${signedPoints(gain.mean)} ${namedInterval(gain.low, gain.high, false)}`.trimEnd();
const spread = (scores: readonly number[]) => `${decimal(mean(scores))} ± ${decimal(sampleSd(scores))}`;

/** What a row of the table is about. */
function nameOf(name: string, { entry }: MethodResult): string {
  const more = {
    'masked-lm': 'the student pre-trained by masked language modelling',
    'triple-loss': 'the student pre-trained by masked language modelling, with a teacher',
    minilm: '',
  }[entry.start ?? 'minilm'];
  const pool = entry.copies === undefined ? '' : `augmented copies, ${entry.copies} a row`;
  const rest = name.includes(', trec') || entry.set === 'trec' ? 'TREC' : '';
  const options = Object.entries(entry.options ?? {}).map(([option, value]) => `${option} ${value}`);
  const said = [...options, more, pool, rest].filter((part) => part !== '');
  return `\`${entry.method}\`${said.length > 0 ? ` (${said.join('; ')})` : ''}`;
}

/** A row a method: accuracy, and what it gained over the same student alone and over Hinton's method. */
export function methodTable({ methods, gains }: MethodResults): string {
  const rows = Object.entries(methods).map(([name, result]) => {
    const { entry, accuracies, seconds, steps } = result;
    const own = accuracies[entry.method] ?? [];
    const alone = accuracies['no-teacher'];
    const { overAlone, overHinton } = gains[name] ?? {};
    const cells = [
      nameOf(name, result),
      spread(own),
      alone === undefined ? '' : spread(alone),
      gained(overAlone),
      gained(overHinton),
      String(steps),
      median(seconds[entry.method] ?? []).toFixed(0),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| method | accuracy | no teacher | over no teacher | over `hinton` | steps | s a run |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** A row an arm of the assistants on MNIST. */
export function takdTable({ gains }: TakdResults): string {
  const rows = Object.entries(gains).map(([arm, { mean: score, sd, overAlone, overDirect }]) => {
    const cells = [
      arm,
      `${decimal(score)} ± ${decimal(sd)}`,
      gained(arm === 'alone' ? undefined : overAlone),
      gained(arm === 'alone' || arm === 'direct' ? undefined : overDirect),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return ['| arm | accuracy | over `alone` | over `direct` |', '|---|---|---|---|', ...rows, ''].join('\n');
}

/** A row an arm of the students of several tasks: each task, their mean, and what that gained on the same seeds. */
export function multiTaskTable({ teachers = {}, runs }: MultiTaskResults): string {
  const tasks = Object.keys(runs[0]?.scores ?? {});
  const arms = [...new Set(runs.map(({ arm }) => arm))];
  const meansOf = (arm: string) =>
    new Map(
      runs.filter((run) => run.arm === arm).map(({ seed, scores }) => [seed, { score: mean(Object.values(scores)) }]),
    );
  const over = (arm: string, other: string): string =>
    arm === other ? '' : gained(pairedGain(meansOf(arm), meansOf(other)));
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rows = arms.map((arm) => {
    const scores = tasks.map((task) =>
      runs.filter((run) => run.arm === arm).map((run) => run.scores[task] ?? Number.NaN),
    );
    const versus = arm === 'single-task' ? ['', ''] : [over(arm, 'single-task'), over(arm, 'multi-task')];
    return row([
      `\`${arm}\``,
      ...scores.map(spread),
      spread(Array.from(meansOf(arm).values(), ({ score }) => score)),
      ...versus,
    ]);
  });
  const ofTeachers = tasks.map((task) => decimal(teachers[task] ?? Number.NaN));
  return [
    row(['arm', ...tasks, 'mean', 'over `single-task`', 'over `multi-task`']),
    row(['---', ...tasks.map(() => '---'), '---', '---', '---']),
    row(['teachers, one a task', ...ofTeachers, decimal(mean(Object.values(teachers))), '', '']),
    ...rows,
    '',
  ].join('\n');
}

/** The terms of a method's loss over its steps, a panel each on a scale of its own; a line down where a stage ends. */
export function lossFigure(title: string, { losses }: MethodResult): string {
  const names = [...new Set(losses.flatMap((point) => Object.keys(point.losses)))];
  const last = losses.at(-1)?.step ?? 1;
  const { width, height, gap, top, left, bottom } = PANEL;
  const x = (panel: number, step: number) => left + panel * (width + gap) + (step / last) * width;
  const ends = losses.filter(({ phase }, i) => i + 1 < losses.length && losses[i + 1]?.phase !== phase);
  const panels = names.map((name, panel) => {
    const points = losses.flatMap(({ step, losses: { [name]: value } }) =>
      value === undefined ? [] : [{ step, value }],
    );
    const most = Math.max(...points.map(({ value }) => value), Number.MIN_VALUE);
    const y = (value: number) => top + height - (Math.max(value, 0) / most) * height;
    const path = points.map(({ step, value }) => `${x(panel, step).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    const stages = ends.map(({ step }) => {
      const at = x(panel, step).toFixed(1);
      return `<line x1="${at}" x2="${at}" y1="${top}" y2="${top + height}" stroke="${LINE}"/>`;
    });
    const [from, to] = [x(panel, 0), x(panel, last)];
    return [
      `<rect x="${from.toFixed(1)}" y="${top}" width="${width}" height="${height}" fill="none" stroke="${LINE}"/>`,
      ...stages,
      `<polyline points="${path}" fill="none" stroke="${COLOUR}" stroke-width="2"/>`,
      text(from, top - 8, name, INK, 'start'),
      text(to, top - 8, `${most.toPrecision(3)} at most`, FAINT, 'end'),
      text(to, top + height + 18, `${last} steps`, FAINT, 'end'),
    ].join('');
  });
  return svg(left * 2 + names.length * (width + gap) - gap, top + height + bottom, title, panels.join(''));
}

/** The entry of a method whose losses its page shows: the one with its defaults. */
export function entryOf(method: string, { methods }: MethodResults): MethodResult | undefined {
  return methods[method] ?? Object.values(methods).find(({ entry }) => entry.method === method);
}
