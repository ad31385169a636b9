/** @file `retort worker --queue URL --teacher URL`: rows that `retort ask --queue` shares, asked about by this machine, too. */
import { setTimeout as sleep } from 'node:timers/promises';
import { FileError } from '../../../errors/failures.js';
import { formatCount } from '../../../errors/number-text.js';
import { openAsks, workOnAsking } from '../../../experiments/asking/ask-workers.js';
import { openConnection } from '../../../queue/connection.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import type { OptionValues } from '../../options.js';
import { departureLine } from './key-allowance.js';
import type { workerUsage } from './worker-usage.js';

const POLL_MS = 500;

type Options = OptionValues<typeof workerUsage.options> & { readonly queue: string; readonly teacher: string };

/** Takes part in the asks that are open, until none is. */
export async function workOnAsks(options: Options, io: CommandIo): Promise<CommandOutput> {
  const { queue, teacher, apiKeyEnv, wait } = options;
  const signal = io.interruption();
  const connection = await openConnection(queue, { onNotice: io.onNotice, signal });
  try {
    const until = performance.now() + 60_000 * wait;
    while (!signal.aborted && (await openAsks(connection)).length === 0) {
      if (performance.now() >= until) {
        throw new FileError({
          where: connection.where,
          wanted: 'rows that retort ask --queue shares',
          got: 'none',
          fix: 'start it there, or wait for it: --wait MINUTES',
        });
      }
      await sleep(POLL_MS, undefined, { signal }).catch(() => {});
    }
    const host = URL.canParse(teacher) ? new URL(teacher).origin : teacher;
    const variable = apiKeyEnv === 'none' ? undefined : apiKeyEnv;
    io.say(departureLine({ host, variable, files: [], data: `asks on ${connection.where}`, isAsked: true }));
    const { replies } = await workOnAsking(connection, { ...options, signal, onNotice: io.onNotice });
    const text = `${formatCount(replies)} replies from here; the file is written where retort ask was started`;
    return { text, json: { replies } };
  } finally {
    await connection.close();
  }
}
