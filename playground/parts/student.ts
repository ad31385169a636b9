/** @file Your student: a text, and what student and teacher make of it. */
import { type Answered, certifiedScore, keepsAnswer, needsOthers } from '../../src/certificates/certified-score.js';
import { formatCount } from '../../src/errors/number-text.js';
import type { ServedCertificate, ServedModel, StudentFolder } from '../../src/site/student-content.js';
import { faultText } from '../distil/fault-text.js';
import { el, freshId } from '../element.js';
import type { PartContext } from '../part.js';
import { type OpenModel, openServed, type Said } from '../student/open-served.js';
import { heaviest, type Seen } from '../student/seen.js';
import { type ProbabilityBars, percent, probabilityBars } from '../widgets/probability-bars.js';
import { slider, steps } from '../widgets/slider.js';

type Role = 'student' | 'teacher';

const TITLES: Readonly<Record<Role, string>> = { student: 'Student', teacher: 'Teacher' };
const FEATURES = 14;
const START_THRESHOLD = 0.9;

export async function mount(element: HTMLElement, context: PartContext): Promise<void> {
  const { folder } = context;
  if (folder?.student === undefined) {
    element.append(howToSee());
    return;
  }
  const held = folder.student;
  const status = el('p', { class: 'note', role: 'status' }, 'Opening the models …');
  element.append(status);
  const models = new Map<Role, OpenModel>();
  const failures: string[] = [];
  for (const role of ['student', 'teacher'] as const) {
    const served = held[role];
    if (served === undefined) continue;
    try {
      models.set(role, await openServed(served, context));
    } catch (error) {
      failures.push(`${TITLES[role]}: ${faultText(error)}`);
    }
  }
  status.remove();
  for (const text of failures) element.append(el('p', { class: 'failure', role: 'alert' }, text));
  const student = models.get('student');
  if (student === undefined) return;
  element.append(...(await views(held, student, models.get('teacher'), context)));
}

/** Whoever types is faster than a teacher: while one call runs, all others become one that follows it. */
function latestOnly(call: () => Promise<void>): () => void {
  let isRunning = false;
  let isWanted = false;
  return () => {
    isWanted = true;
    if (isRunning) return;
    isRunning = true;
    const run = async (): Promise<void> => {
      while (isWanted) {
        isWanted = false;
        await call();
      }
      isRunning = false;
    };
    void run();
  };
}

function howToSee(): HTMLElement {
  return el(
    'div',
    { class: 'callout' },
    el('p', {}, 'Start the page with the folder of a student to see it beside its teacher:'),
    el(
      'pre',
      {},
      'retort distill reviews.csv --teacher minilm-l6 --teacher_epochs 3 --model ngram\nretort playground outputs/reviews',
    ),
    el('p', {}, 'The folder may be that of a run of retort distill, of a checkpoint, or of retort export.'),
  );
}

async function views(
  held: StudentFolder,
  student: OpenModel,
  teacher: OpenModel | undefined,
  context: PartContext,
): Promise<HTMLElement[]> {
  const { labels, readsPairs } = student;
  const [textId, pairId] = [freshId('text'), freshId('pair')];
  const text = el('textarea', { id: textId, rows: 3, class: 'wide' });
  const pair = el('textarea', { id: pairId, rows: 2, class: 'wide' });
  const cards = [
    cardOf('student', held.student, student),
    ...(held.teacher !== undefined && teacher !== undefined ? [cardOf('teacher', held.teacher, teacher)] : []),
  ];
  const cascade = cascadeView(held.certificate, teacher !== undefined);
  const seen = seenView(labels);
  const asks = cards.map(({ card, model, show }) =>
    latestOnly(async () => {
      card.setAttribute('aria-busy', 'true');
      try {
        const [first, second] = [text.value, readsPairs ? pair.value : undefined];
        const said = await model.ask(first, second);
        show(said);
        if (model !== student) return;
        cascade.update(said);
        seen.update(student.see(first, second), said);
        context.say(`The student says ${said.label}.`);
      } catch (error) {
        show(faultText(error));
      } finally {
        card.removeAttribute('aria-busy');
      }
    }),
  );
  const ask = (): void => {
    for (const one of asks) one();
  };
  for (const input of [text, pair]) input.addEventListener('input', ask);

  return [
    el('p', { class: 'field' }, el('label', { for: textId }, readsPairs ? 'First text' : 'A text'), text),
    ...(readsPairs ? [el('p', { class: 'field' }, el('label', { for: pairId }, 'Second text'), pair)] : []),
    el('div', { class: 'cards' }, ...cards.map(({ card }) => card)),
    ...(held.noTeacher === undefined ? [] : [el('p', { class: 'note' }, `No teacher beside it: ${held.noTeacher}`)]),
    el('h2', {}, 'What the student sees'),
    seen.element,
    el('h2', {}, 'Where a cascade would ask the teacher'),
    cascade.element,
  ];
}

const PRECISIONS: Readonly<Record<string, string>> = { int8: '8 bits', float16: '16 bits', float32: '32 bits' };

function sizeText({ kind, form, precision, bytes, parameters }: ServedModel): string {
  const size = bytes < 1e6 ? `${formatCount(Math.ceil(bytes / 1000))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  const numbers = parameters === undefined ? '' : `${formatCount(parameters)} parameters, `;
  const stored = PRECISIONS[precision] === undefined ? '' : `, weights in ${PRECISIONS[precision]}`;
  return `${kind}, ${numbers}${size} as ${form === 'js' ? 'student.js' : 'ONNX'}${stored}`;
}

function cardOf(role: Role, served: ServedModel, model: OpenModel) {
  const bars: ProbabilityBars = probabilityBars({ label: TITLES[role], names: model.labels });
  const answer = el('p', { class: 'answer' }, '–');
  const latency = el('p', { class: 'note' }, 'type a text above');
  const card = el(
    'section',
    { class: `card ${role}` },
    el('h3', {}, TITLES[role]),
    el('p', { class: 'note' }, `${served.name}: ${sizeText(served)}`),
    ...[answer, latency, bars.element],
  );
  const show = (said: Said | string): void => {
    if (typeof said === 'string') {
      answer.textContent = '–';
      latency.textContent = said;
      return;
    }
    bars.update(said.probabilities, model.labels.indexOf(said.label));
    answer.textContent = said.label;
    const time =
      said.milliseconds < 0.1
        ? `${(1000 * said.milliseconds).toFixed(0)} µs`
        : `${said.milliseconds.toFixed(said.milliseconds < 10 ? 2 : 0)} ms`;
    latency.textContent = `${percent(said.score)}, in ${time}: the median of ${said.calls} calls in this tab`;
  };
  return { card, model, show };
}

function seenView(labels: readonly string[]) {
  const place = el('div', {}, el('p', { class: 'note' }, 'Nothing yet.'));
  let chosen: string | undefined;
  let last: { readonly seen: Seen; readonly said: Said } | undefined;
  const id = freshId('label');
  const select = el(
    'select',
    { id },
    el('option', { value: '' }, 'the predicted label'),
    ...labels.map((name) => el('option', { value: name }, name)),
  );
  select.addEventListener('change', () => {
    chosen = select.value || undefined;
    draw();
  });
  const choice = el('div', { class: 'row', hidden: true }, el('label', { for: id }, 'What speaks for'), select);
  const draw = (): void => {
    if (last === undefined) return;
    const { seen, said } = last;
    choice.hidden = !('features' in seen);
    place.replaceChildren(
      'features' in seen ? featureTable(seen.features, chosen ?? said.label, labels) : pieceList(seen.pieces),
    );
  };
  return {
    element: el('div', {}, choice, place),
    update: (seen: Seen, said: Said): void => {
      last = { seen, said };
      draw();
    },
  };
}

const KINDS = { words: 'words', chars: 'characters', pieces: 'pieces' } as const;

function featureTable(
  features: Extract<Seen, { readonly features: unknown }>['features'],
  label: string,
  labels: readonly string[],
): HTMLElement {
  const c = labels.indexOf(label);
  const shown = heaviest(features, c, FEATURES);
  if (shown.length === 0)
    return el('p', { class: 'note' }, 'No n-gram of this text is known to the student: it answers by its bias alone.');
  const most = Math.max(...shown.map(({ adds }) => Math.abs(adds[c] ?? 0)));
  return el(
    'div',
    { class: 'scroll' },
    el(
      'table',
      { class: 'features' },
      el(
        'caption',
        { class: 'note' },
        `${formatCount(features.length)} n-grams of this text are known. These weigh most for ${label}: what each adds to its logit.`,
      ),
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          ...['n-gram', 'of', 'adds'].map((name) =>
            el('th', { scope: 'col', class: name === 'adds' ? 'number' : undefined }, name),
          ),
        ),
      ),
      el(
        'tbody',
        {},
        ...shown.map(({ name, kind, adds }) => {
          const value = adds[c] ?? 0;
          const row = el(
            'tr',
            { class: value < 0 ? 'against' : 'for' },
            el('th', { scope: 'row' }, el('code', {}, name.replaceAll(' ', '␣'))),
            el('td', {}, KINDS[kind]),
            el('td', { class: 'number' }, `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`),
          );
          row.style.setProperty('--share', `${(100 * Math.abs(value)) / most}%`);
          return row;
        }),
      ),
    ),
  );
}

function pieceList(pieces: Extract<Seen, { readonly pieces: unknown }>['pieces']): HTMLElement {
  const unknown = pieces.filter(({ isUnknown }) => isUnknown).length;
  return el(
    'div',
    {},
    el(
      'p',
      { class: 'note' },
      `${formatCount(pieces.length)} pieces${unknown === 0 ? '' : `, ${formatCount(unknown)} of them not in its vocabulary`}.`,
    ),
    el(
      'p',
      { class: 'pieces' },
      ...pieces.flatMap(({ piece, isUnknown }) => [
        el(
          'code',
          { class: isUnknown ? 'unknown' : undefined, title: isUnknown ? 'not in the vocabulary' : undefined },
          piece,
        ),
        ' ',
      ]),
    ),
  );
}

const NONE: string[] = [];

/** By the threshold of the certificate; without one by a slider, which promises nothing. */
function cascadeView(certificate: ServedCertificate | undefined, hasTeacher: boolean) {
  let last: (Answered & { readonly label: string }) | undefined;
  let threshold = START_THRESHOLD;
  const line = el('p', { class: 'verdict' }, 'Type a text above.');
  const usable = certificate !== undefined && !needsOthers(certificate.score);
  const draw = (): void => {
    if (last === undefined) return;
    const rule = usable
      ? certificate
      : { score: { kind: 'max-probability' } as const, threshold, deferredLabels: NONE };
    const isKept = keepsAnswer(rule, last);
    const isDeferred = rule.deferredLabels.includes(last.label);
    const score = certifiedScore(rule.score, last);
    const why = isDeferred
      ? `answers ‘${last.label}’ always go to the teacher`
      : `its score is ${score.toFixed(3)}, the threshold ${rule.threshold.toFixed(3)}`;
    line.replaceChildren(
      el('b', {}, isKept ? 'The student answers' : `${hasTeacher ? 'The teacher' : 'A teacher'} is asked`),
      `: ${why}.`,
    );
  };
  const knob = slider({
    label: 'Threshold',
    values: steps(0, 1, 101),
    start: threshold,
    format: (value) => value.toFixed(2),
    onInput: (value) => {
      threshold = value;
      draw();
    },
    hint: 'Uncertified: nobody has counted how often answers above it are wrong. retort cascade certifies one on rows of yours.',
  });
  const element = el(
    'div',
    {},
    ...(usable ? [el('p', {}, promiseText(certificate))] : [knob.element]),
    ...(certificate !== undefined && !usable
      ? [
          el(
            'p',
            { class: 'note' },
            'The certificate’s score asks other students besides, which are not here: the slider takes its place.',
          ),
        ]
      : []),
    line,
  );
  return {
    element,
    update: (said: Said): void => {
      last = said;
      draw();
    },
  };
}

function promiseText({ risk, delta, isOfThis }: ServedCertificate): string {
  const shares = [
    risk.kept === undefined ? '' : `at most ${percent(risk.kept)} of the answers that it keeps are wrong`,
    risk.all === undefined ? '' : `at most ${percent(risk.all)} of all requests get a wrong label from it`,
  ].filter((part) => part !== '');
  const promise = `By its certificate ${shares.join(', and ')}, with a confidence of ${percent(1 - delta)}.`;
  return isOfThis
    ? promise
    : `${promise} It is about another file of this student, so it does not hold here: the page opens the student in another form.`;
}
