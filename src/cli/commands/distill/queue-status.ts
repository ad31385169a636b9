/** @file `retort status --queue`: what is shared at a Redis server, and how something that nobody leads any more is ended. */
import { OptionError } from '../../../errors/failures.js';
import { formatCount } from '../../../errors/number-text.js';
import {
  cancelShared,
  findShared,
  queueStanding,
  removeShared,
  type SharedStanding,
} from '../../../experiments/sharing/queue-standing.js';
import { asJson } from '../../../files/fingerprint.js';
import { openConnection } from '../../../queue/connection.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import type { OptionValues } from '../../options.js';
import { renderTable } from '../../table.js';
import type { statusUsage } from './worker-usage.js';

type Options = OptionValues<typeof statusUsage.options> & { readonly queue: string };

/** @throws OptionError for --cancel or --remove of nothing; as `openConnection`, `cancelShared` and `removeShared` do */
export async function tellQueue(
  { queue, experiment, cancel, remove }: Options,
  { columns, onNotice, interruption }: CommandIo,
): Promise<CommandOutput> {
  for (const [name, isGiven] of Object.entries({ cancel, remove })) {
    if (!isGiven || experiment !== undefined) continue;
    const fix = 'retort status --queue URL lists them';
    throw new OptionError({ where: `--${name}`, wanted: '--experiment ID beside it', got: 'none', fix });
  }
  const connection = await openConnection(queue, { onNotice, signal: interruption() });
  try {
    const said: string[] = [];
    if (experiment !== undefined && cancel) {
      await cancelShared(connection, experiment);
      said.push(`${experiment} is cancelled: workers end after their next step, and the same command continues it`);
    }
    if (experiment !== undefined && remove) {
      const { kind, done } = await removeShared(connection, experiment);
      const left = kind === 'ask' ? `${formatCount(done)} replies` : `${formatCount(done)} finished runs`;
      said.push(
        `${experiment} is removed from ${connection.where}, with ${left}; what came back lies where it was started`,
      );
    }
    const found =
      experiment === undefined ? await queueStanding(connection) : [await findShared(connection, experiment)];
    const shown = found.filter((one) => one !== undefined);
    const text = [...said, ...(said.length > 0 && shown.length === 0 ? [] : linesOf(shown, connection.where, columns))];
    return { text: text.join('\n'), json: asJson({ shared: shown }) };
  } finally {
    await connection.close();
  }
}

function linesOf(all: readonly SharedStanding[], where: string, columns: number | undefined): string[] {
  if (all.length === 0) return [`nothing is shared at ${where}`];
  const rows = all.map(({ id, kind, name, since, isCancelled, done, held, open, aside, workers }) => [
    id,
    `${kind} ${name}`,
    since?.slice(0, 16).replace('T', ' ') ?? '-',
    isCancelled ? 'cancelled' : 'open',
    `${formatCount(done)} ${kind === 'ask' ? 'replies' : 'runs'}`,
    ...[held, open, aside].map(formatCount),
    workers.join(', ') || '-',
  ]);
  const head = ['id', 'what', 'since (UTC)', 'state', 'done', 'under way', 'waiting', 'set aside', 'workers'];
  return [where, '', renderTable(head, rows, columns)];
}
