/** @file A teacher that is outside this process, made of an adapter and of how it is asked. */
import { allRows } from '../../data/row-sample.js';
import { jsonHash } from '../../files/json-hash.js';
import type { SignalName } from '../../models/model.js';
import { answersInMemory, usualSignals } from '../../teachers/answers.js';
import { expectLogitsAlone } from '../../teachers/model-teacher.js';
import type { TextSource } from '../../teachers/own-texts.js';
import type { LabellingPlan, OpenTeacher, Teacher } from '../../teachers/teacher.js';
import type { AskedTogether } from './asked-together.js';
import { KeyNumbers } from './key-numbers.js';
import type { OutsideAdapter, OutsideAnswer } from './outside.js';
import { OutsideAsking } from './outside-asking.js';
import { openOutsideLog, outsideLogSoFar } from './outside-log.js';
import type { EndpointReport, OutsideOptions } from './outside-options.js';

export type EndpointTeacher = Teacher & {
  /** As of any teacher; a tokenizer is not needed. */
  plan(data: TextSource): Promise<LabellingPlan>;
  /** How it stands; undefined before it was asked. */
  report(): EndpointReport | undefined;
  /**
   * Asks about all rows and tells of each, in their order, once all are answered.
   * @throws as `answer` does.
   */
  ask(data: TextSource, each: (row: number, answer: OutsideAnswer) => void): Promise<void>;
};

/**
 * The teacher that an adapter asks. Every reply is logged before it is used, under the hash of all that it depends on: what
 * is in the log is not asked again, in this run or the next, and rows may be moved or edited between runs. A row that the
 * teacher refuses, or whose replies are malformed, is a hole.
 * @throws when it answers: EndpointError for a teacher that refuses or does not answer, whose first rows are no labels,
 *   whose replies come from another model than before, and before the spending limit is passed; InterruptedError after
 *   `signal`.
 * @param together Other processes that ask about the same rows. Default: none.
 */
export function outsideTeacher(
  adapter: OutsideAdapter,
  options: OutsideOptions,
  together?: AskedTogether,
): EndpointTeacher {
  const { labelNames, answeredBy } = options;
  const name = `${options.model} at ${adapter.source}`;
  const classes = labelNames.length;
  const signals = usualSignals({ classes }, true);
  // Of the same log whenever it is open.
  const keys = new KeyNumbers();
  let asking: OutsideAsking | undefined;
  const opened = async () => {
    const onReply: OutsideAdapter['notice'] = (reply) => adapter.notice?.(reply);
    const log = await openOutsideLog(options.log, { signal: options.signal, keys, onReply });
    if (asking === undefined) asking = new OutsideAsking(adapter, options, log, together);
    else asking.continueWith(log);
    return { log, asking };
  };
  const open = async (asked: readonly SignalName[]): Promise<OpenTeacher> => {
    expectLogitsAlone(asked, `teacher ${name}`);
    const { log, asking: current } = await opened();
    return {
      signals,
      answer: async (data, rows) => {
        const logits = new Float32Array(rows.length * classes);
        const remainder = new Float32Array(rows.length * classes);
        await current.ask(data, rows, (at, { target }) => {
          logits.set(target.logits, at * classes);
          if (target.remainder) remainder.set(target.remainder, at * classes);
        });
        return { logits, remainder };
      },
      release: async () => log.close(),
    };
  };
  return {
    name,
    provides: ['logits'],
    classes,
    labelNames,
    contentHash: jsonHash([...adapter.identity, ...(answeredBy === undefined ? [] : [{ answeredBy }])]),
    reads: ['texts'],
    remembers: true,
    temperatures: 'one',
    plan: async (data) => {
      const log = await outsideLogSoFar(options.log);
      try {
        return new OutsideAsking(adapter, options, log).plan(data);
      } finally {
        log.close();
      }
    },
    open,
    // In one part, so that the first rows of all are the ones that are judged first.
    answer: (data, asked) => answersInMemory({ name, open }, data, asked, data.size),
    ask: async (data, each) => {
      const { log, asking: current } = await opened();
      try {
        await current.ask(data, allRows(data.size), each);
      } finally {
        log.close();
      }
    },
    report: () => asking?.report(),
    replies: () => {
      const report = asking?.report();
      if (report === undefined) return undefined;
      const { answeredBy: model, done: rows, refused, malformed } = report;
      return { ...(model !== undefined && { model }), rows, refused, malformed };
    },
  };
}

/**
 * The model that the replies in a log name last, where they named another one before: its answers are those of another
 * teacher (`answeredBy` of its options). Undefined where it never changed.
 */
export async function renamedModel(path: string, model: string): Promise<string | undefined> {
  const log = await outsideLogSoFar(path);
  log.close();
  const models = log.answeredBy.get(model) ?? [];
  return models.length > 1 ? models.at(-1) : undefined;
}
