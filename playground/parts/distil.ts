/** @file Distil in the tab: rows of the reader's, perhaps a teacher's outputs, a student, and its file. */

import type { GivenTexts } from '../../src/browser/given-texts.js';
import { columnsOf, type FoundColumns, readTexts, type TextColumns } from '../../src/browser/text-file.js';
import { GIVEN_ENDINGS, type GivenFile } from '../../src/data/given-file.js';
import { formatCount } from '../../src/errors/number-text.js';
import { receivedError } from '../../src/inference/worker-calls.js';
import type { ArmName, ArmOutcome, DistilOutcome, Score, StudentKind } from '../distil/arms.js';
import { exampleFiles } from '../distil/example.js';
import { faultText } from '../distil/fault-text.js';
import type { FromDistiller, ToDistiller } from '../distil/messages.js';
import { el, freshId } from '../element.js';
import type { PartContext } from '../part.js';
import { fileDrop } from '../widgets/file-drop.js';
import { type LineChart, lineChart, type Point } from '../widgets/line-chart.js';
import { type ProbabilityBars, percent, probabilityBars } from '../widgets/probability-bars.js';

const ARMS: Readonly<Record<ArmName, string>> = { taught: 'with the teacher', alone: 'from labels alone' };
const KINDS: readonly { readonly kind: StudentKind; readonly says: string; readonly needsRuntime: boolean }[] = [
  { kind: 'ngram', says: 'n-grams: words and pieces of words, a linear model', needsRuntime: false },
  { kind: 'static', says: 'static: a vector for each word, averaged, and a small network', needsRuntime: true },
];
const SHOWN_ROWS = 3;
const SHOWN_CHARACTERS = 120;

/** What has been chosen so far. */
type Chosen = {
  file?: GivenFile;
  rows?: GivenTexts;
  recorded?: GivenFile;
};

export function mount(element: HTMLElement, context: PartContext): void {
  const chosen: Chosen = {};
  const training = trainingSection(context, chosen);
  const rows = rowsSection(chosen, training.refresh);
  const teacher = teacherSection(chosen, training.refresh);
  const example = el('button', { type: 'button', class: 'plain', onclick: () => void useExample() }, 'Use an example');
  const useExample = async (): Promise<void> => {
    const files = exampleFiles();
    teacher.take(files.outputs);
    await rows.take(files.rows);
    context.say('The example is loaded.');
  };
  element.append(
    el(
      'p',
      {},
      'Texts and labels become a student of one JavaScript file, trained here, in a worker of this page. Your rows are read by the page and by nothing else: no request is made with them.',
    ),
    el(
      'div',
      { class: 'row' },
      example,
      el('span', { class: 'note' }, '900 made-up messages to a shop, and what a made-up teacher says of them'),
    ),
    ...[rows.element, teacher.element, training.element],
  );
}

async function givenFile(file: File): Promise<GivenFile> {
  return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
}

/** A message that takes the place of the one before. */
function messageLine(): { readonly element: HTMLElement; show(text: string, isFault?: boolean): void } {
  const element = el('p', { class: 'note', role: 'status' });
  return {
    element,
    show: (text, isFault = false) => {
      element.className = isFault ? 'failure' : 'note';
      element.textContent = text;
    },
  };
}

function rowsSection(chosen: Chosen, onChange: () => void) {
  const message = messageLine();
  const columns = el('div');
  const preview = el('div', { class: 'scroll' });
  const read = async (picked: TextColumns): Promise<void> => {
    const { file } = chosen;
    if (file === undefined) return;
    delete chosen.rows;
    preview.replaceChildren();
    try {
      const rows = await readTexts(file, picked);
      chosen.rows = rows;
      message.show(`${file.name}: ${rowsText(rows)}`);
      preview.append(previewTable(rows));
    } catch (error) {
      message.show(faultText(error), true);
    }
    onChange();
  };
  const take = async (file: GivenFile): Promise<void> => {
    chosen.file = file;
    delete chosen.rows;
    columns.replaceChildren();
    preview.replaceChildren();
    message.show(`Reading ${file.name} …`);
    try {
      const found = await columnsOf(file);
      columns.append(columnChoice(found, (picked) => void read(picked)));
      if (found.guess.text !== undefined) await read({ ...found.guess, text: found.guess.text });
      else message.show('Say which column holds the texts.');
    } catch (error) {
      message.show(faultText(error), true);
    }
    onChange();
  };
  const pasteId = freshId('paste');
  const paste = el('textarea', { id: pasteId, rows: 6, placeholder: 'text,label\nthe parcel never came,delivery' });
  const usePasted = (): void => {
    const text = paste.value.trim();
    // Cells that were copied from a spreadsheet have tabs between them.
    const name = text.startsWith('{')
      ? 'pasted.jsonl'
      : text.split('\n', 1)[0]?.includes('\t')
        ? 'pasted.tsv'
        : 'pasted.csv';
    void take({ name, bytes: new TextEncoder().encode(`${text}\n`) });
  };
  const element = el(
    'section',
    {},
    el('h2', {}, 'Your rows'),
    fileDrop({
      label: 'A file with a column of texts and one of labels',
      accept: GIVEN_ENDINGS.join(','),
      hint: 'CSV, TSV, JSON lines or a JSON array, in UTF-8; choose it or drop it here',
      onFile: (file) => void givenFile(file).then(take),
    }),
    el(
      'details',
      {},
      el('summary', {}, 'Or paste rows'),
      el('p', { class: 'row' }, el('label', { for: pasteId }, 'Rows, the first of them the names of the columns')),
      paste,
      el('div', { class: 'row' }, el('button', { type: 'button', class: 'plain', onclick: usePasted }, 'Read them')),
    ),
    columns,
    message.element,
    preview,
  );
  return { element, take };
}

const NONE = '';

function columnChoice({ names, guess }: FoundColumns, onChange: (columns: TextColumns) => void): HTMLElement {
  const [textId, labelId] = [freshId('text'), freshId('label')];
  const options = (picked: string | undefined, none: string) => [
    el('option', { value: NONE, selected: picked === undefined }, none),
    ...names.map((name) => el('option', { value: name, selected: name === picked }, name)),
  ];
  const text = el('select', { id: textId }, ...options(guess.text, 'choose …'));
  const label = el('select', { id: labelId }, ...options(guess.label, 'no labels'));
  const change = (): void => {
    if (text.value === NONE) return;
    onChange({ text: text.value, label: label.value === NONE ? undefined : label.value, id: guess.id });
  };
  text.addEventListener('change', change);
  label.addEventListener('change', change);
  return el(
    'div',
    { class: 'row' },
    ...[el('label', { for: textId }, 'Texts'), text, el('label', { for: labelId }, 'Labels'), label],
  );
}

function rowsText({ texts, labels }: GivenTexts): string {
  const counts = new Map<string, number>();
  for (const label of labels ?? []) if (label !== null) counts.set(label, (counts.get(label) ?? 0) + 1);
  const rows = `${formatCount(texts.length)} rows`;
  if (counts.size === 0) return `${rows} without labels: a teacher’s outputs are needed.`;
  const most = [...counts].sort((a, b) => b[1] - a[1]);
  const shown = most.slice(0, 6).map(([label, count]) => `${label} ${formatCount(count)}`);
  return `${rows}, ${counts.size} labels: ${shown.join(', ')}${most.length > shown.length ? ', …' : ''}.`;
}

function previewTable({ texts, labels }: GivenTexts): HTMLElement {
  const cut = (text: string) => (text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)} …` : text);
  return el(
    'table',
    {},
    el('caption', { class: 'hidden' }, 'The first rows as they were read'),
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Text'), el('th', { scope: 'col' }, 'Label'))),
    el(
      'tbody',
      {},
      ...texts
        .slice(0, SHOWN_ROWS)
        .map((text, row) => el('tr', {}, el('td', {}, cut(text)), el('td', {}, labels?.[row] ?? '–'))),
    ),
  );
}

function teacherSection(chosen: Chosen, onChange: () => void) {
  const message = messageLine();
  const clear = el('button', { type: 'button', class: 'plain', hidden: true, onclick: () => forget() }, 'Without it');
  const forget = (): void => {
    delete chosen.recorded;
    clear.hidden = true;
    message.show('');
    onChange();
  };
  const take = (file: GivenFile): void => {
    chosen.recorded = file;
    clear.hidden = false;
    message.show(`${file.name}: its outputs are read when the training begins.`);
    onChange();
  };
  const element = el(
    'section',
    {},
    el('h2', {}, 'A teacher’s outputs, if you have them'),
    el(
      'p',
      {},
      'What a large model says of each text: probabilities, logits, log-probabilities, samples or a label, in JSON lines, as ',
      el('code', {}, 'retort ask'),
      ' writes them and ',
      el('code', {}, 'retort distill --teacher FILE'),
      ' reads them. Then two students are trained, one of them without the teacher: you see whether it helped.',
    ),
    fileDrop({
      label: 'Recorded outputs',
      accept: '.jsonl,.ndjson',
      hint: '{"text": "…", "probabilities": {"billing": 0.9, "delivery": 0.1}}, one object for each row',
      onFile: (file) => void givenFile(file).then(take),
    }),
    el('div', { class: 'row' }, message.element, clear),
  );
  return { element, take };
}

function trainingSection(context: PartContext, chosen: Chosen) {
  const message = messageLine();
  const kindId = freshId('kind');
  const kinds = el(
    'select',
    { id: kindId },
    ...KINDS.map(({ kind, says, needsRuntime }) =>
      el('option', { value: kind, disabled: needsRuntime && context.site.runtime === null }, says),
    ),
  );
  const train = el('button', { type: 'button', onclick: () => start() }, 'Train');
  const stop = el('button', { type: 'button', class: 'plain', hidden: true, onclick: () => halt('Stopped.') }, 'Stop');
  const bar = el('progress', { max: 1, value: 0, hidden: true, 'aria-label': 'Training' });
  const figures = el('div', { class: 'pair' });
  const results = el('div');
  let worker: Worker | undefined;
  let isTraining = false;

  const refresh = (): void => {
    const labelled = chosen.rows?.labels?.some((label) => label !== null) ?? false;
    train.disabled = isTraining || chosen.rows === undefined || !(labelled || chosen.recorded);
  };
  const settle = (): void => {
    isTraining = false;
    stop.hidden = true;
    bar.hidden = true;
    refresh();
  };
  const halt = (text: string, isFault = false): void => {
    worker?.terminate();
    worker = undefined;
    message.show(text, isFault);
    settle();
  };
  const start = (): void => {
    const { rows, recorded } = chosen;
    if (rows === undefined) return;
    worker?.terminate();
    const kind = (KINDS.find((one) => one.kind === kinds.value) ?? KINDS[0])?.kind ?? 'ngram';
    const watch = watchOf(kind, recorded !== undefined);
    figures.replaceChildren(...watch.elements);
    results.replaceChildren();
    const own = new Worker(new URL('distil.js', document.baseURI), { type: 'module' });
    worker = own;
    const send = (sent: ToDistiller): void => own.postMessage(sent);
    own.addEventListener('error', ({ message: text }) => halt(text || 'The worker cannot be loaded.', true));
    let show: ((said: Extract<FromDistiller, { readonly text: string }>) => void) | undefined;
    own.addEventListener('message', ({ data }: MessageEvent<FromDistiller>) => {
      if ('event' in data) {
        bar.value = watch.take(data);
        message.show(`Training ${ARMS[data.arm]} …`);
      } else if ('error' in data) halt(faultText(receivedError(data.error)), true);
      else if ('outcome' in data) {
        const view = outcomeView(data.outcome, kind, (ask) => send({ ask }));
        show = view.show;
        results.replaceChildren(...view.elements);
        message.show('');
        settle();
        context.say('The training is done.');
      } else show?.(data);
    });
    isTraining = true;
    stop.hidden = false;
    bar.hidden = false;
    bar.value = 0;
    message.show('Training …');
    refresh();
    send({ job: { rows, kind, recorded } });
  };
  refresh();
  const element = el(
    'section',
    {},
    el('h2', {}, 'Train'),
    el('div', { class: 'row' }, el('label', { for: kindId }, 'Student'), kinds),
    el(
      'p',
      { class: 'note' },
      'A fifth of the labelled rows is set aside, and the students are scored on it. ',
      'The student of n-grams is fitted by a solver of our own and needs nothing else; the static one is trained by steps, ',
      context.site.runtime === null
        ? `for which ONNX Runtime is missing here: ${context.site.install}.`
        : 'by ONNX Runtime’s WebAssembly build.',
    ),
    el('div', { class: 'row' }, train, stop, bar),
    message.element,
    figures,
    results,
  );
  return { element, refresh };
}

/** Curves of a training, and how far it is. */
function watchOf(kind: StudentKind, hasTeacher: boolean) {
  const arms: readonly ArmName[] = hasTeacher ? ['taught', 'alone'] : ['alone'];
  const series = arms.map((arm) => ARMS[arm]);
  const isFitted = kind === 'ngram';
  const loss = lineChart({
    title: isFitted ? 'Loss on parts of the training rows that each fit left out' : 'Training loss',
    xLabel: isFitted ? 'penalties tried' : 'steps',
    yLabel: '',
    limits: { low: 0 },
    series,
    format: (value) => value.toFixed(3),
  });
  const accuracy: LineChart | undefined = isFitted
    ? undefined
    : lineChart({
        title: 'Accuracy on a tenth of the training rows, which chooses the epoch',
        xLabel: 'epochs',
        yLabel: '',
        limits: { low: 0, high: 1 },
        series,
        format: percent,
      });
  const losses: Point[][] = arms.map(() => []);
  const accuracies: Point[][] = arms.map(() => []);
  const take = ({ event, arm, place, of }: Extract<FromDistiller, { readonly event: unknown }>): number => {
    const at = Math.max(0, arms.indexOf(arm));
    let share = 0;
    if (event.type === 'strength') {
      share = event.tried / event.of;
      losses[at]?.push([event.tried, event.loss]);
      loss.update(losses);
    } else if (event.type === 'step') {
      share = event.step / event.totalSteps;
      losses[at]?.push([event.step, event.epochLoss ?? event.loss]);
      loss.update(losses);
    } else if (event.type === 'evaluation' && accuracy !== undefined) {
      accuracies[at]?.push([event.epoch, event.metrics.accuracy ?? Number.NaN]);
      accuracy.update(accuracies);
    } else if (event.type === 'end') share = 1;
    return (place + share) / of;
  };
  return { elements: [loss.element, ...(accuracy === undefined ? [] : [accuracy.element])], take };
}

const points = (share: number): string =>
  `${share > 0 ? '+' : share < 0 ? '−' : ''}${Math.abs(100 * share).toFixed(1)}`;
const kilobytes = (bytes: number): string => `${formatCount(Math.ceil(bytes / 1000))} kB`;

function outcomeView(outcome: DistilOutcome, kind: StudentKind, ask: (text: string) => void) {
  const { arms, labelNames } = outcome;
  const tried = trial(arms, labelNames, ask);
  return {
    elements: [
      el('h2', {}, 'What came of it'),
      scoresTable(outcome),
      ...verdict(outcome),
      el('h2', {}, 'Try a sentence'),
      tried.element,
      el('h2', {}, 'Take it with you'),
      ...downloads(arms, kind),
    ],
    show: tried.show,
  };
}

function scoresTable({ arms, teacher, trainRows }: DistilOutcome): HTMLElement {
  const scored = (score: Score | undefined) =>
    score === undefined
      ? ['no labels to score by', '']
      : [
          percent(score.right / score.rows),
          `${(100 * score.interval[0]).toFixed(1)} to ${(100 * score.interval[1]).toFixed(1)} %`,
        ];
  const row = (name: string, score: Score | undefined, size = '', seconds = '') =>
    el(
      'tr',
      {},
      el('th', { scope: 'row' }, name),
      ...[...scored(score), size, seconds].map((cell) => el('td', { class: 'number' }, cell)),
    );
  const rows = arms[0]?.score?.rows;
  const setAside = rows === undefined ? 'none were set aside' : `scored on ${formatCount(rows)} others`;
  return el(
    'div',
    { class: 'scroll' },
    el(
      'table',
      { class: 'scores' },
      el('caption', { class: 'note' }, `Trained on ${formatCount(trainRows)} rows, ${setAside}.`),
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          el('th', { scope: 'col' }, 'Student'),
          ...['Accuracy', '95 % interval', 'student.js', 'Trained in'].map((name) =>
            el('th', { scope: 'col', class: 'number' }, name),
          ),
        ),
      ),
      el(
        'tbody',
        {},
        ...arms.map(({ name, score, code, seconds }) =>
          row(ARMS[name], score, kilobytes(code.length), `${seconds.toFixed(1)} s`),
        ),
        ...(teacher === undefined ? [] : [row('the teacher itself', teacher)]),
      ),
    ),
  );
}

function verdict({ gain }: DistilOutcome): HTMLElement[] {
  if (gain === undefined) return [];
  const { mean, low, high } = gain;
  const says =
    low > 0
      ? 'The teacher helped'
      : high < 0
        ? 'The teacher did harm'
        : 'On these rows one cannot tell whether it helped';
  return [
    el(
      'p',
      { class: 'verdict' },
      el('b', {}, `${says}: ${points(mean)} points`),
      ` (95 % interval ${points(low)} to ${points(high)}, over the rows set aside). It is one training of each: another seed moves it, too.`,
    ),
  ];
}

function trial(arms: readonly ArmOutcome[], names: readonly string[], ask: (text: string) => void) {
  const id = freshId('sentence');
  const input = el('input', { id, type: 'text', class: 'wide', autocomplete: 'off' });
  const form = el(
    'form',
    { class: 'row', onsubmit: (event: SubmitEvent) => event.preventDefault() },
    el('label', { for: id }, 'A text'),
    input,
  );
  const views = new Map<ArmName, { readonly bars: ProbabilityBars; readonly line: HTMLElement }>();
  const cards = arms.map(({ name }) => {
    const bars = probabilityBars({ label: `Probabilities ${ARMS[name]}`, names });
    const line = el('p', { class: 'answer' }, '–');
    views.set(name, { bars, line });
    return el('section', { class: 'card' }, el('h3', {}, `Student ${ARMS[name]}`), line, bars.element);
  });
  input.addEventListener('input', () => ask(input.value));
  const show = ({ text, said }: Extract<FromDistiller, { readonly text: string }>): void => {
    if (text !== input.value) return;
    for (const { arm, label, probabilities, milliseconds } of said) {
      const view = views.get(arm);
      view?.bars.update(probabilities, names.indexOf(label));
      if (view !== undefined) view.line.textContent = `${label}, in ${milliseconds.toFixed(2)} ms`;
    }
  };
  return { element: el('div', {}, form, el('div', { class: 'cards' }, ...cards)), show };
}

function downloads(arms: readonly ArmOutcome[], kind: StudentKind): HTMLElement[] {
  const links = arms.map(({ name, code }) => {
    const href = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
    const says = arms.length === 1 ? 'student.js' : `student.js, ${ARMS[name]}`;
    return el(
      'a',
      { class: 'button', href, download: 'student.js', 'data-arm': name },
      `${says} (${kilobytes(code.length)})`,
    );
  });
  return [
    el('div', { class: 'row' }, ...links),
    el(
      'p',
      {},
      'The file holds the weights, the tokenizer and the code that predicts. It imports nothing and runs in Node, Bun, Deno, edge workers and browsers:',
    ),
    el('pre', {}, SNIPPET),
    el(
      'p',
      { class: 'note' },
      `It is what retort export --to js writes of a student of kind ${kind}, weights in 8 bits; the accuracies above are this file’s.`,
    ),
  ];
}

const SNIPPET = `import { predict } from './student.js';

predict('a text'); // { label: '…', score: 0.98, probabilities: [0.98, …] }`;
