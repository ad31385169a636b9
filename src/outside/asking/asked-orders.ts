/**
 * @file The same question with its options in several orders, or once more: a model's answer depends on the place of an
 * option, and some servers answer the same request in different ways.
 */
import { jsonHash } from '../../files/json-hash.js';
import { holeTarget, LEAST_FLOAT, type Target } from '../../teachers/targets.js';
import type { OutsideAdapter, OutsideQuestion, Reading, Standing } from './outside.js';

/** The labels in an order, by their numbers. */
export type LabelOrder = readonly number[];

/** Orders that differ by where they begin, spread over all places; the first is that of the numbers. */
export function cyclicOrders(labels: number, count: number): readonly LabelOrder[] {
  return Array.from({ length: count }, (_, r) => {
    const first = Math.round((r * labels) / count);
    return Array.from({ length: labels }, (__, i) => (first + i) % labels);
  });
}

/**
 * An adapter that asks with its labels in an order, and answers in that of their numbers.
 * @param make the adapter for labels in a given order.
 */
export function inOrder(make: AdapterMaker, labelNames: readonly string[], order: LabelOrder): OutsideAdapter {
  if (order.every((label, place) => label === place)) return make(labelNames);
  const adapter = make(order.map((label) => labelNames[label] as string));
  const back = (values: readonly number[]) => {
    const ordered = [...values];
    for (const [place, label] of order.entries()) ordered[label] = values[place] as number;
    return ordered;
  };
  const labelled = ({ logits, remainder }: Target): Target => ({
    logits: back(logits),
    ...(remainder && { remainder: back(remainder) }),
  });
  return {
    ...adapter,
    identity: [...adapter.identity, { order }],
    standing: (replies) => {
      const standing = adapter.standing(replies);
      if (standing.kind === 'open') return standing;
      const { target, named, counts } = standing;
      return {
        ...standing,
        target: labelled(target),
        ...(named !== undefined && { named: order[named] }),
        ...(counts !== undefined && { counts: back(counts) }),
      };
    },
  };
}

/** An adapter that asks again what was asked before, for a reply of its own. */
export function again(adapter: OutsideAdapter, time: number): OutsideAdapter {
  return {
    ...adapter,
    identity: [...adapter.identity, { time }],
    question: (text, pair) => {
      const question = adapter.question(text, pair);
      return { ...question, key: jsonHash([question.key, { time }]) };
    },
  };
}

/** The adapter for labels in a given order; those of one maker share a connection. */
export type AdapterMaker = (labelNames: readonly string[]) => OutsideAdapter;

/** One adapter that asks so many times, with the labels beginning at other places. */
export function rotated(make: AdapterMaker, labelNames: readonly string[], rotations = 1): OutsideAdapter {
  return averaged(cyclicOrders(labelNames.length, rotations).map((order) => inOrder(make, labelNames, order)));
}

type PartQuestion = OutsideQuestion & { readonly parts: readonly OutsideQuestion[] };

/** One adapter that asks several about each row, one after the other, and answers with the mean of their probabilities. */
export function averaged(adapters: readonly OutsideAdapter[]): OutsideAdapter {
  const [first, second] = adapters;
  if (first === undefined) throw new Error('no adapter');
  return second === undefined ? first : averagedParts(adapters, first);
}

function averagedParts(adapters: readonly OutsideAdapter[], first: OutsideAdapter): OutsideAdapter<PartQuestion> {
  const sum = (of: (adapter: OutsideAdapter) => number) => adapters.reduce((total, one) => total + of(one), 0);
  return {
    source: first.source,
    identity: ['averaged', ...adapters.map(({ identity }) => identity)],
    // Those to one server have one connection.
    counts: first.counts,
    ...(first.isProbed && { isProbed: true }),
    draws: sum(({ draws }) => draws),
    outputTokens: first.outputTokens,
    fixMalformed: first.fixMalformed,
    question: (text, pair) => {
      const parts = adapters.map((adapter) => adapter.question(text, pair));
      return {
        key: jsonHash(['averaged', ...parts.map(({ key }) => key)]),
        ...{ text, pair, parts },
        bytes: parts.reduce((total, { bytes }) => total + bytes, 0),
        messages: parts.reduce((total, { messages }) => total + messages, 0),
      };
    },
    request: (question, draws, part = 0) => {
      const adapter = adapters[part] as OutsideAdapter;
      const { most, send } = adapter.request(question.parts[part] as OutsideQuestion, draws);
      return {
        most,
        send: async (stop) => {
          const said = await send(stop);
          return said === undefined ? undefined : { ...said, part };
        },
      };
    },
    standing: (replies) => {
      const readings: Reading[] = [];
      for (const [part, adapter] of adapters.entries()) {
        const standing = adapter.standing(replies.filter((reply) => (reply.part ?? 0) === part));
        if (standing.kind === 'open') return { ...standing, part };
        readings.push(standing);
      }
      return meanReading(readings);
    },
    ...(first.prompt && { prompt: ({ parts }: PartQuestion) => first.prompt?.(parts[0] as OutsideQuestion) ?? '' }),
    shown: (reply) => first.shown(reply),
    notice: (reply) => adapters[reply.part ?? 0]?.notice?.(reply),
  };
}

const isHole = ({ kind }: Reading): boolean => kind === 'refused' || kind === 'malformed';

/** The mean of the probabilities; of labels that one of them did not name, only the mean of their sum is known. */
export function meanReading(readings: readonly Reading[]): Standing {
  const some = readings.filter((reading) => !isHole(reading));
  const [first] = some;
  if (first === undefined) return readings[0] as Reading;
  const classes = first.target.logits.length;
  const unnamed = first.target.logits.map((_, c) => (some.some(({ target }) => target.remainder?.[c] === 1) ? 1 : 0));
  const p = first.target.logits.map(
    (_, c) => some.reduce((sum, { target }) => sum + probability(target, c), 0) / some.length,
  );
  const isUnknown = unnamed.every((value) => value === 1);
  const mean = (of: 'outside' | 'exact') => some.reduce((sum, reading) => sum + (reading[of] ?? 0), 0) / some.length;
  return {
    kind: first.kind,
    target: isUnknown
      ? holeTarget(classes)
      : {
          logits: p.map((value) => Math.log(Math.max(value, LEAST_FLOAT))),
          ...(unnamed.includes(1) && { remainder: unnamed }),
        },
    ...(first.outside !== undefined && { outside: mean('outside') }),
    ...(first.exact !== undefined && { exact: mean('exact'), differs: some.some(({ differs }) => differs === true) }),
  };
}

/** Logits of outside teachers are log-probabilities. */
function probability({ logits }: Target, c: number): number {
  return Math.exp(logits[c] as number);
}
