/** @file A language model behind an OpenAI-compatible endpoint as a teacher. */
import { rotated } from '../asking/asked-orders.js';
import { checkEndpointOptions, type EndpointOptions } from '../asking/endpoint-options.js';
import { type EndpointTeacher, outsideTeacher } from '../asking/outside-teacher.js';
import { chatAdapters } from './chat-adapter.js';

/**
 * A teacher that asks a language model for a label of each text, over `POST url/chat/completions`. Where the server gives
 * log-probabilities, an answer is those of the labels, read along its tokens (label words, synonyms summed), and the sum of
 * what was not seen; else drawn labels, or the one that it names. Every reply is logged before it is used, under the hash of
 * model, messages and settings.
 * @throws OptionError for options that do not fit; when it answers, as `outsideTeacher` does.
 */
export function endpointTeacher(options: EndpointOptions): EndpointTeacher {
  checkEndpointOptions(options);
  return outsideTeacher(rotated(chatAdapters(options), options.labelNames, options.rotations), options);
}
