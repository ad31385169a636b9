/** @file `retort serve`. */
import { OptionError } from '../../../errors/failures.js';
import { formatCount } from '../../../errors/number-text.js';
import { serveStudent } from '../../../server/serve.js';
import { openStudent, type Student } from '../../../server/student.js';
import { aborted } from '../../aborted.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import type { OptionValues } from '../../options.js';
import type { serveUsage } from './usage.js';

type Options = OptionValues<typeof serveUsage.options>;

/** Labels that a line holds. */
const SHOWN_LABELS = 6;

export async function serveOverHttp(options: Options, io: CommandIo): Promise<CommandOutput> {
  const { onNotice } = io;
  if (options.dryRun) return questionOutput(await openStudent(options.student, { onNotice }));
  const serving = await serveStudent({ ...options, ...keysOf(options), onNotice });
  const stop = io.interruption();
  const { url, student } = serving;
  const { instructions, criteria } = student.identity.question;
  const labels = student.labels.slice(0, SHOWN_LABELS).join(', ');
  const more = student.labels.length > SHOWN_LABELS ? `, … (${student.labels.length})` : '';
  io.say(`student   ${student.name}: ${labels}${more}`);
  io.say(`question  ${instructions}${criteria.some(([, said]) => said !== null) ? ' (labels with descriptions)' : ''}`);
  for (const line of serving.standing) io.say(line);
  const routes = serving.standing.length > 0 ? '/v1/decisions' : '/v1/decisions, /predict';
  io.say(`serving   ${url}/v1/systemone, ${routes}; /v1/models, /healthz, /metrics`);
  // The one line of stdout, for whoever started it with --port 0.
  await io.write(
    options.json ? `${JSON.stringify({ url, model: student.name, labels: student.labels })}\n` : `${url}\n`,
  );
  const reason = await Promise.race([serving.broken, aborted(stop)]);
  await serving.close();
  const requests = serving.requests();
  if (reason === undefined) {
    return { text: `closed after ${formatCount(requests)} requests`, json: { requests } };
  }
  throw new OptionError({ where: student.name, wanted: 'a thread that answers', got: reason, fix: 'start it again' });
}

async function questionOutput({ name, labels, identity, release }: Student): Promise<CommandOutput> {
  await release();
  const { type, instructions, criteria } = identity.question;
  const said = type === 'score' ? criteria.map(([, level]) => level) : Object.fromEntries(criteria);
  const question = { type, instructions, criteria: said };
  const request = { model: name, state: 'the text', questions: { label: question } };
  return {
    text: [
      'POST /v1/systemone',
      JSON.stringify(request, null, 2),
      '',
      'nothing listens: leave out --dry_run to serve',
    ].join('\n'),
    json: { model: name, labels, question },
  };
}

function keysOf({ apiKeyEnv, upstreamKeyEnv }: Options) {
  return { apiKey: keyIn('apiKeyEnv', apiKeyEnv), upstreamKey: keyIn('upstreamKeyEnv', upstreamKeyEnv) };
}

function keyIn(where: string, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const key = process.env[name];
  if (key !== undefined && key !== '') return key;
  const fix = `set it before retort starts: export ${name}=…`;
  throw new OptionError({
    where,
    wanted: 'an environment variable with a key',
    got: `${name}, which is empty`,
    fix,
  });
}
