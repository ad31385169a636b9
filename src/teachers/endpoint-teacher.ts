/** @file A language model behind an OpenAI-compatible endpoint as a teacher. */
import { jsonHash } from '../files/json-hash.js';
import type { SignalName } from '../models/model.js';
import { READING } from './answer-reading.js';
import { answersInMemory, usualSignals } from './answers.js';
import { endpointLogSoFar, openEndpointLog } from './endpoint-log.js';
import { checkEndpointOptions, type EndpointOptions, type EndpointReport } from './endpoint-options.js';
import { Questioning } from './endpoint-questioning.js';
import { LabelWords } from './label-words.js';
import { expectLogitsAlone } from './model-teacher.js';
import type { OpenTeacher, Teacher } from './teacher.js';

export type EndpointTeacher = Teacher & {
  /** How it stands; undefined before it was asked. */
  report(): EndpointReport | undefined;
};

/**
 * A teacher that asks a language model for a label of each text, over `POST url/chat/completions`. Where the server gives
 * log-probabilities, an answer is those of the labels, read along its tokens (label words, synonyms summed), and the sum of
 * what was not seen; else drawn labels, or the one that it names. Every reply is logged before it is used, under the hash of model,
 * messages and settings: what is in the log is not asked again, in this run or the next, and rows may be moved or edited
 * between runs.
 * @throws OptionError for options that do not fit. When it answers: EndpointError for a server that refuses, does not
 *   answer, or whose first rows are no labels, and before the spending limit is passed; InterruptedError after `signal`.
 */
export function endpointTeacher(options: EndpointOptions): EndpointTeacher {
  checkEndpointOptions(options);
  const { model, labelNames, url } = options;
  const name = `${model} at ${url}`;
  const classes = labelNames.length;
  const words = new LabelWords(labelNames, options.labelWords);
  let questioning: Questioning | undefined;
  const open = async (signals: readonly SignalName[]): Promise<OpenTeacher> => {
    expectLogitsAlone(signals, `teacher ${name}`);
    const log = await openEndpointLog(options.log, options.signal);
    const asking = new Questioning(options, words, log);
    questioning = asking;
    return {
      signals: usualSignals({ classes }, true),
      answer: (data, rows) => asking.answer(data, rows),
      release: async () => log.close(),
    };
  };
  const { prompt, system, labelWords, body, samples, logprobs } = options;
  return {
    name,
    provides: ['logits'],
    classes,
    labelNames,
    contentHash: jsonHash([
      ...['endpoint', READING, model, prompt, system],
      ...[labelNames, labelWords, body, samples, logprobs],
    ]),
    reads: ['texts'],
    remembers: true,
    temperatures: 'one',
    plan: async (data) => {
      const log = await endpointLogSoFar(options.log);
      try {
        return new Questioning(options, words, log).plan(data);
      } finally {
        log.close();
      }
    },
    open,
    // In one part, so that the first rows of all are the ones that are judged first.
    answer: (data, signals) => answersInMemory({ name, open }, data, signals, data.size),
    report: () => questioning?.report(),
  };
}
