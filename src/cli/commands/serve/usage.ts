import { SERVE_SETTINGS } from '../../../server/serve-settings.js';
import type { CommandUsage } from '../../command.js';
import { messageOptions } from '../../shared-options.js';

export const serveUsage = {
  name: 'serve',
  config: 'serve',
  summary: 'serve a student over HTTP, in the formats that decision services speak',
  description:
    'Answers POST /v1/systemone (TypeSafe), POST /v1/decisions (OpenAI) and POST /predict with an exported student, so that ' +
    'an application that asks a decision service is pointed at another address and stays as it is. It answers ' +
    'the question that the student has learnt alone: the same instructions, labels and descriptions, or one that ' +
    '--aliases names. Any other gets 422, which says what is served. GET /v1/models, /healthz and /metrics (Prometheus). Texts ' +
    'that wait while others are predicted are the next batch; of too many the last get 503. SIGTERM and Ctrl-C let ' +
    'requests under way have their replies. ' +
    'With --upstream it is a proxy of a decision service: requests go there, and are compared with the student. Once ' +
    'retort cascade has written a certificate beside the student, the student answers what its score is high enough for, ' +
    'and a share of that is audited; when the audit shows the bound broken, everything goes upstream again.',
  options: {
    student: {
      kind: 'operand',
      placeholder: 'student',
      required: true,
      help: 'the folder of retort export, or its .onnx file; a retort.yaml beside it gives the settings of its section serve',
    },
    ...SERVE_SETTINGS,
    apiKeyEnv: {
      kind: 'text',
      placeholder: 'name',
      group: 'Server',
      help: 'environment variable with the key that callers have to send (Authorization: Bearer KEY)',
    },
    upstreamKeyEnv: {
      kind: 'text',
      placeholder: 'name',
      group: 'Upstream',
      help: "environment variable with the key for upstream, sent in the place of the caller's",
    },
    dryRun: {
      kind: 'switch',
      group: 'Server',
      help: 'open the student, show the question that is served as a request has it, and stop',
    },
    json: messageOptions.json,
    quiet: messageOptions.quiet,
  },
  examples: [
    { does: 'serve it on this machine', line: 'retort serve student' },
    { does: 'see which question is served, to be pasted into an application', line: 'retort serve student --dry_run' },
    {
      does: 'ask it, as an application does',
      line: `curl http://127.0.0.1:8000/predict -d '{"text": "a gripping, funny film"}'`,
    },
    { does: 'for other machines, with a key', line: 'retort serve student --host 0.0.0.0 --api_key_env RETORT_KEY' },
    {
      does: 'before a service: compare, and keep its replies to train a student on',
      line: 'retort serve student --upstream https://api.example.com/v1 --log_texts --log_dir log',
    },
    { does: 'with the settings of a config', line: 'retort serve student retort.yaml' },
  ],
} as const satisfies CommandUsage;
