import { ASK_SETTINGS } from '../../../experiments/asking/ask-settings.js';
import type { CommandUsage } from '../../command.js';
import { messageOptions } from '../../shared-options.js';
import { distillUsage } from '../distill/usage.js';

export const askUsage = {
  name: 'ask',
  config: 'ask',
  summary: 'label texts with a language or decision model behind an API, and check how far it agrees with itself',
  description:
    'DATA is a data set by name, of which the training rows are used, a file of texts, or a retort.yaml. Each distinct text is asked about ' +
    'once; the outputs go into a file of recorded outputs, from which retort distill --teacher FILE trains a student. ' +
    'Replies are kept in FILE.replies as they come: after an interruption, a kill or the spending limit the same ' +
    'command continues, and asks for none of them again. --show_prompt shows what would be sent, and what all of it ' +
    'costs; --check 200 tells first how often the model contradicts itself.',
  options: {
    data: {
      kind: 'operand',
      placeholder: 'data',
      required: true,
      help: 'the name of a data set, a file of texts, or a retort.yaml',
    },
    ...ASK_SETTINGS,
    allowKeyEnv: distillUsage.options.allowKeyEnv,
    ...messageOptions,
  },
  examples: [
    {
      does: 'see what is sent, and about what it costs',
      line: 'retort ask texts.csv --labels billing,tech,other --teacher https://api.example.com/v1 --teacher_model some-model --prices 0.15,0.6 --show_prompt',
    },
    {
      does: 'a server on this machine; then a student of its outputs',
      line: 'retort ask texts.csv --labels negative,positive --teacher http://127.0.0.1:8000/v1 --teacher_model m --output_file labels.jsonl && retort distill texts.csv --teacher labels.jsonl --model ngram',
    },
    {
      does: 'at most 5 in all, 500 requests a minute, and a look at 200 rows first',
      line: 'retort ask texts.csv --labels a,b --teacher https://api.example.com/v1 --teacher_model m --prices 0.15,0.6 --max_cost 5 --requests_per_minute 500 --check 200',
    },
    {
      does: 'two questions of a decision model in one request a text, a file of outputs for each',
      line: 'retort ask texts.csv --questions @questions.json --teacher http://127.0.0.1:8000/v1 --teacher_format systemone --teacher_model m',
    },
    {
      does: 'rows with known labels: how right and how sure it is',
      line: 'retort ask reviews.csv --label stars --rows 500 --teacher http://127.0.0.1:8000/v1 --teacher_model m',
    },
  ],
} as const satisfies CommandUsage;
