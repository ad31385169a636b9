/** @file What a model of several tasks says of texts; loaded with the first of them, since most models have one. */
import { FileError, OptionError } from '../errors/failures.js';
import { parseJson } from '../files/stored-text.js';
import { objectOf } from '../options/json.js';
import type { Session } from '../runtime/running-session.js';
import type { Tensor } from '../tensor/tensor.js';
import type { EncodedRow } from '../tokenizers/tokenizer.js';
import {
  type Answer,
  expectAsTrained,
  labelled,
  type OpenTask,
  type Task,
  type TaskAnswers,
  type TextInput,
} from './answer.js';
import type { Row, RowWork } from './row-windows.js';

/**
 * The tasks that a file says it has, with the classes that its outputs have.
 * @throws FileError for something else, and for outputs that are not theirs
 */
export function tasksIn(stored: string, { outputs }: Pick<Session, 'outputs'>, where: string): readonly OpenTask[] {
  const place = `${where}: retort.tasks`;
  const found = parseJson(stored, place);
  const fix = 'export the model again';
  if (!Array.isArray(found) || found.length === 0 || !found.every(isTask)) {
    throw new FileError({ where: place, wanted: 'tasks with name and labels', got: stored, fix });
  }
  return found.map((task) => {
    const output = `logits.${task.name}`;
    const { dtype, shape = [] } = outputs.find(({ name }) => name === output) ?? {};
    const classes = shape[1];
    if (dtype !== 'float32' || shape.length !== 2 || typeof classes !== 'number' || classes < 1) {
      const got = dtype === undefined ? 'none' : `${dtype} [${shape.join(', ')}]`;
      throw new FileError({ where, wanted: `an output '${output}', float32 [batch, C]`, got, fix });
    }
    return { ...task, labels: labelled(task.labels, classes, place), classes, output };
  });
}

function isTask(value: unknown): value is Task {
  const { name, labels, readsPairs } = objectOf(value);
  const areTexts = Array.isArray(labels) && labels.every((label) => typeof label === 'string');
  return typeof name === 'string' && areTexts && ['undefined', 'boolean'].includes(typeof readsPairs);
}

/** What `taskWork` does not do itself. */
export type TaskParts = {
  readonly textsOf: (input: unknown, where: string) => readonly [text: string, pair?: string];
  readonly encode: (text: string, pair: string | undefined) => EncodedRow;
  /** One tensor [B, C] for the output of each task. */
  readonly run: (rows: readonly Row[]) => Promise<Readonly<Record<string, Tensor>>>;
  readonly answer: (logits: Tensor | undefined, row: number, task: OpenTask, where: string) => Answer;
  readonly isReleased: () => boolean;
};

/** The work of `predictTasks`: each row is for the tasks that read as many texts. @throws OptionError for a model of one task. */
export function taskWork(
  tasks: readonly OpenTask[] | undefined,
  { textsOf, encode, run, answer, isReleased }: TaskParts,
): RowWork<TextInput, Row & { readonly isPair: boolean }, TaskAnswers> {
  if (tasks === undefined) {
    const wanted = 'a model of several tasks';
    throw new OptionError({ where: 'predictTasks', wanted, got: 'one of a single task', fix: 'call predict' });
  }
  const readers = (isPair: boolean) => tasks.filter(({ readsPairs = isPair }) => readsPairs === isPair);
  return {
    isReleased,
    encode: (input, where) => {
      const [text, pair] = textsOf(input, where);
      const isPair = pair !== undefined;
      if (readers(isPair).length === 0) expectAsTrained(pair, !isPair, where);
      return { first: encode(text, pair), isPair };
    },
    run: async (rows) => {
      const logits = await run(rows);
      return (row, where) => {
        const answers = readers((rows[row] as (typeof rows)[number]).isPair).map((task) => {
          return [task.name, answer(logits[task.output], row, task, `${where}, ${task.name}`)];
        });
        return { answers: Object.fromEntries(answers) };
      };
    },
  };
}
