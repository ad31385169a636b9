/** @file The thread's side of a model that answers in a thread of its own. */
import { OptionError } from '../errors/failures.js';
import type { ModelFiles } from './model-source.js';
import type { Inference } from './text-model.js';
import { type FromWorker, type SentOptions, sentError, sentRows, type ToWorker } from './worker-calls.js';

type Loading = SentOptions & { readonly onNotice: (text: string) => void; readonly signal: AbortSignal };

/**
 * Answers the calls of `loadBehind`, each as it comes.
 * @returns what takes the messages of the program
 */
export function serveCalls(
  load: (source: string | ModelFiles, options: Loading) => Promise<Inference>,
  post: (message: FromWorker) => void,
): (message: ToWorker) => void {
  const running = new Map<number, AbortController>();
  let model: Inference | undefined;

  const answer = async (message: Exclude<ToWorker, { readonly abort: number }>, signal: AbortSignal) => {
    if (message.call === 'load') {
      const onNotice = (notice: string): void => post({ notice });
      model = await load(message.source, { ...message.options, onNotice, signal });
      const { labels, maxLength, isTagger, readAs, question, tasks } = model;
      return { labels, maxLength, isTagger, readAs, question, tasks };
    }
    if (model === undefined) throw new OptionError({ where: 'worker', wanted: 'a loaded model', got: 'none' });
    if (message.call === 'release') return model.release();
    const { badRows, firstRow } = message;
    const options = { badRows, firstRow, signal };
    if (message.call === 'tag') return sentRows(await model.tag(message.inputs, options));
    return sentRows(await model[message.call](message.inputs, options));
  };

  return (message) => {
    if ('abort' in message) {
      running.get(message.abort)?.abort();
      return;
    }
    const { id } = message;
    const controller = new AbortController();
    running.set(id, controller);
    answer(message, controller.signal)
      .then(
        (value) => post({ id, value }),
        (error: unknown) => post({ id, error: sentError(error) }),
      )
      .finally(() => running.delete(id));
  };
}
