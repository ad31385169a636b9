/**
 * @file Teacher assistants. Mirzadeh, Farajtabar, Li, Levine, Matsukawa & Ghasemzadeh 2020, "Improved Knowledge
 * Distillation via Teacher Assistant", AAAI, arXiv:1902.03393; code imirzadeh/Teacher-Assistant-Knowledge-Distillation.
 *
 *   teacher → assistant 1 → … → student, by `hop`, in the paper
 *   L = (1 − alpha) · CE(y, p_s) + alpha · T² · KL(p_prev^T ‖ p_s^T)
 *
 * Symbols:    p_prev the model of the hop before | alpha the paper's lambda | T its tau
 * Departures: any method of one stage may be the hop (`takd over pkd`), Hinton's is averaged over rows and not over classes
 *             too, as the released code does. The last state of a hop teaches; the code takes the best by the test set.
 *             `accuracy-midpoint` is the paper's finding as a rule: of the assistants fine-tuned alone the one whose score
 *             is closest to the mean of teacher and student. Scores that decide are measured on rows that are kept from
 *             training. `worse: skip`, ours, leaves out an assistant that a hop has made worse than labels alone.
 */
import { OptionError } from '../errors/failures.js';
import { bam } from './bam.js';
import { decoupled } from './decoupled.js';
import { type AnyMethodFactory, checkedOptions, type OptionsOf } from './define-method.js';
import { distilBert } from './distilbert.js';
import { hinton } from './hinton.js';
import type { Method, Phase, PhasesSoFar } from './method.js';
import { mtDnn } from './mt-dnn.js';
import { patientKd } from './pkd.js';
import { supervised } from './supervised.js';
import { tang } from './tang.js';

/** What a hop may be by name: methods of one stage that learn from one teacher. */
const HOPS = {
  hinton,
  bam,
  decoupled,
  distilbert: distilBert,
  'mt-dnn': mtDnn,
  pkd: patientKd,
  tang,
} as const satisfies Readonly<Record<string, AnyMethodFactory>>;

const options = {
  path: {
    default: 'all',
    choices: ['all', 'direct', 'accuracy-midpoint'],
    form: { pattern: /^a[1-9]\d*(\+a[1-9]\d*)*$/, says: 'assistants by position, largest first, such as a1+a3' },
    help: 'assistants to use; accuracy-midpoint selects one by fine-tuning each',
  },
  hop: {
    default: 'hinton',
    choices: Object.keys(HOPS) as (keyof typeof HOPS)[], // of the table by construction
    help: 'method of each hop; its options are given beside these',
  },
  worse: {
    default: 'keep',
    choices: ['keep', 'skip'],
    help: 'an assistant worse than its own fine-tuning: keep or skip it',
  },
} as const;

export type TakdOptions = Pick<OptionsOf<typeof options>, 'path' | 'worse'>;

const isOwn = (option: string): boolean => Object.hasOwn(options, option);

/**
 * A chain of distillations over assistants, by any method of one stage.
 * @throws OptionError for a method of several.
 */
export function takdOver(hop: Method, given: Partial<TakdOptions> = {}): Method {
  const { path, worse } = {
    path: options.path.default,
    worse: options.worse.default,
    ...checkedOptions('takd', options, given),
  };
  if (hop.phases !== undefined) {
    const got = `'${hop.name}', of several`;
    throw new OptionError({ where: "hop of method 'takd'", wanted: 'a method of one phase', got });
  }
  return {
    name: 'takd',
    needs: hop.needs,
    isForClasses: hop.isForClasses === true,
    options: { path, worse, hop: hop.name, hopOptions: hop.options },
    ...(hop.atTemperature && {
      atTemperature: (temperature) => takdOver(hop.atTemperature?.(temperature) ?? hop, given),
    }),
    // What a hop asks of a teacher's temperature is known before the first of them.
    scalars: (_options, progress) => hop.scalars?.(hop.options, progress) ?? {},
    losses: (inputs) => hop.losses(inputs, hop.options),
    phases: (soFar) => planOf(hop, { path, worse }, soFar),
  };
}

/** The same by the names of the command line: options that are not its own are the hop's. */
export const takd = Object.assign(
  (given: Partial<OptionsOf<typeof options>> & Readonly<Record<string, unknown>> = {}): Method => fromRecord(given),
  {
    definition: { name: 'takd', options },
    fromRecord,
    beside: {
      option: 'hop',
      specs: Object.fromEntries(
        Object.entries<AnyMethodFactory>(HOPS).map(([name, hop]) => [name, hop.definition.options] as const),
      ),
    },
  },
);

function fromRecord(record: Readonly<Record<string, unknown>>): Method {
  const of = (own: boolean) => Object.fromEntries(Object.entries(record).filter(([option]) => isOwn(option) === own));
  const { hop = options.hop.default, ...given } = checkedOptions('takd', options, of(true));
  return takdOver(HOPS[hop as keyof typeof HOPS].fromRecord(of(false)), given);
}

/** Every way from a teacher to a student over assistants, largest first, shortest way first: 2^n of n assistants. */
export function assistantPaths<A>(assistants: readonly A[]): A[][] {
  const chosen = Array.from({ length: 2 ** assistants.length }, (_, mask) =>
    assistants.filter((_assistant, i) => Math.floor(mask / 2 ** i) % 2 === 1),
  );
  const place = (path: readonly A[]) => path.map((assistant) => assistants.indexOf(assistant));
  return chosen.sort((a, b) => a.length - b.length || compared(place(a), place(b)));
}

function compared(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((place, i) => place !== b[i]);
  return at < 0 ? 0 : (a[at] as number) - (b[at] as number);
}

/** A learner fine-tuned on labels alone, to be compared. */
function alone(name: string, student?: string): Phase {
  return { name: `${name}-alone`, method: supervised(), evaluation: 'held-out', ...(student && { student }) };
}

async function planOf(hop: Method, { path, worse }: TakdOptions, soFar: PhasesSoFar): Promise<readonly Phase[]> {
  const { assistants } = soFar;
  if (path === 'direct') return chain(hop, [], worse, soFar);
  if (assistants.length === 0) {
    throw new OptionError({
      where: `path ${path} of method 'takd'`,
      wanted: 'at least one assistant',
      got: 'none',
      fix: 'give models between teacher and student, largest first, or take path direct',
    });
  }
  if (path !== 'accuracy-midpoint') return chain(hop, pathOf(path, assistants), worse, soFar);
  const trials = [...assistants.map((name) => alone(name, name)), alone('student')];
  const chosen = await midpoint(soFar);
  // Until it is known which, each is looked at as the one that is taught by the teacher.
  const hops =
    chosen === undefined
      ? assistants.flatMap((name) => chain(hop, [name], 'keep', soFar).slice(0, 1))
      : chain(hop, [chosen], worse, soFar).filter(({ name }) => !trials.some((trial) => trial.name === name));
  const student: Phase = { name: 'student', method: hop, teacher: 'previous' };
  return [...trials, ...hops, ...(chosen === undefined ? [student] : [])];
}

/** @throws OptionError for an assistant that is not there, or a path that does not go down. */
function pathOf(path: string, assistants: readonly string[]): readonly string[] {
  const places =
    path === 'all' ? assistants.map((_, i) => i + 1) : path.split('+').map((name) => Number(name.slice(1)));
  const goesDown = places.every((place, i) => place > (places[i - 1] ?? 0) && place <= assistants.length);
  if (goesDown) return places.map((place) => assistants[place - 1] as string);
  const wanted = `some of ${assistants.map((_, i) => `a${i + 1}`).join(', ')}, each once, in this order`;
  throw new OptionError({ where: "path of method 'takd'", wanted, got: path });
}

/** The hops over some assistants to the student; one that has made its assistant worse teaches nobody, if so asked. */
function chain(
  hop: Method,
  assistants: readonly string[],
  worse: TakdOptions['worse'],
  { scores }: PhasesSoFar,
): readonly Phase[] {
  const scoreOf = (name: string): number => scores.get(name) ?? Number.NaN;
  const phases: Phase[] = [];
  let teacher: NonNullable<Phase['teacher']> = 'given';
  for (const name of assistants) {
    const trial = alone(name, name);
    const evaluation = worse === 'skip' ? 'held-out' : 'given';
    if (worse === 'skip') phases.push(trial);
    phases.push({ name, student: name, method: hop, teacher, evaluation });
    const isLeftOut = worse === 'skip' && scoreOf(name) < scoreOf(trial.name);
    if (!isLeftOut) teacher = { phase: name };
  }
  return [...phases, { name: 'student', method: hop, teacher }];
}

/** The assistant whose score alone is closest to the mean of teacher and student; undefined until all have been tried. */
async function midpoint({ assistants, scores, teacherScore }: PhasesSoFar): Promise<string | undefined> {
  const student = scores.get(alone('student').name);
  if (student === undefined) return undefined;
  const [ofTeacher, others] = [await teacherScore(), assistants.map((name) => scores.get(alone(name).name))];
  const all = [ofTeacher, student, ...others].map((score) => score ?? Number.NaN);
  if (all.some(Number.isNaN)) {
    throw new OptionError({
      where: "path accuracy-midpoint of method 'takd'",
      wanted: 'scores of the teacher, of the student alone and of each assistant alone',
      got: all.join(', '),
      fix: 'keep labelled rows for validation, or name the assistants, such as path a1',
    });
  }
  const mean = (ofTeacher + student) / 2;
  const away = (name: string): number => Math.abs((scores.get(alone(name).name) ?? Number.NaN) - mean);
  return assistants.reduce((nearest, name) => (away(name) < away(nearest) ? name : nearest));
}
