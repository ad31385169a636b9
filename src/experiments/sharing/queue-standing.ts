/** @file What is shared at a Redis server: how far each is and who takes part; and its end. */
import { FileError, OptionError } from '../../errors/failures.js';
import { formatCount } from '../../errors/number-text.js';
import { nameOf } from '../../files/lock.js';
import type { WorkSource } from '../../files/work-source.js';
import { AskLedger } from '../../queue/ask-ledger.js';
import { bullSource } from '../../queue/bull-source.js';
import type { QueueConnection } from '../../queue/connection.js';
import { readAskDocument } from '../asking/ask-document.js';
import { openAsks } from '../asking/ask-workers.js';
import { type NamedExperiment, QueuedExperiments, queueName } from './queued-experiments.js';
import { unitOf, WORK } from './sharing.js';

export type SharedStanding = {
  readonly id: string;
  /** An experiment of `retort distill`, whose units are runs, or a `retort ask`, whose units are rows. */
  readonly kind: 'distill' | 'ask';
  /** The folder of the outcome, or the model that is asked. */
  readonly name: string;
  /** ISO 8601; of an experiment. */
  readonly since?: string;
  /** Nobody takes anything of it any more. */
  readonly isCancelled: boolean;
  /** Runs with a result, or replies. */
  readonly done: number;
  /** Runs, or parts of the rows, that somebody has, nobody has yet, and nobody takes again since they failed. */
  readonly held: number;
  readonly open: number;
  readonly aside: number;
  /** Who has the former. */
  readonly workers: readonly string[];
};

/** Nothing is brought by whoever looks. */
const NO_FILES = { put: async () => [], take: async () => {} };

/** The runs of an experiment, to be looked at. */
export function runsInQueue(connection: QueueConnection, id: string): Promise<WorkSource> {
  return bullSource({ connection, name: queueName(id, WORK), carrier: NO_FILES, adds: false });
}

/** The oldest experiments first, then asks. @throws FileError or OptionError for an entry that is damaged. */
export async function queueStanding(connection: QueueConnection): Promise<readonly SharedStanding[]> {
  const found: SharedStanding[] = [];
  for (const experiment of await new QueuedExperiments(connection).all()) {
    found.push(await experimentStanding(connection, experiment));
  }
  for (const id of [...(await openAsks(connection))].sort()) {
    const standing = await askStanding(connection, id);
    if (standing !== undefined) found.push(standing);
  }
  return found;
}

async function experimentStanding(
  connection: QueueConnection,
  { id, experiment: { name, since, state, plan } }: NamedExperiment,
): Promise<SharedStanding> {
  const units = plan.seeds.flatMap((seed) => plan.arms.map((arm) => unitOf(arm, seed)));
  const left = units.filter((unit) => !plan.finished.includes(unit));
  const source = await runsInQueue(connection, id);
  const all = [...(await source.standing(left)).values()];
  await source.close();
  const count = (wanted: string) => all.filter((unit) => unit.state === wanted).length;
  const owners = all.flatMap(({ state: of, held }) => (of === 'held' ? [nameOf(held?.owner)] : []));
  return {
    ...{ id, kind: 'distill', name, since, isCancelled: state !== 'open' },
    ...{ done: units.length - left.length + count('done'), held: count('held'), open: count('open') },
    ...{ aside: count('aside'), workers: [...new Set(owners)] },
  };
}

/** Undefined for one that has ended since. */
async function askStanding({ client, where }: QueueConnection, id: string): Promise<SharedStanding | undefined> {
  const ledger = new AskLedger(client, id);
  const [text, standing] = await Promise.all([ledger.document(), ledger.standing()]);
  if (text === undefined || standing === undefined) return undefined;
  const { asked } = await readAskDocument(text, `ask ${id} on ${where}`);
  const { units, replies, stop } = standing;
  const owners = await Promise.all(units.held.map(async (name) => (await ledger.unit(name))?.owner));
  return {
    ...{ id, kind: 'ask', name: asked.model, isCancelled: stop !== undefined, done: replies },
    ...{ held: units.held.length, open: units.open.length, aside: units.aside.length },
    workers: [...new Set(owners.filter((owner) => owner !== undefined))],
  };
}

/**
 * Workers end after their next step, and so does who leads; what is done stays, and the same command continues.
 * @throws OptionError for an id that nothing has.
 */
export async function cancelShared(connection: QueueConnection, id: string): Promise<void> {
  const { kind } = await expectShared(connection, id);
  if (kind === 'ask') await new AskLedger(connection.client, id).stop('it was cancelled');
  else await new QueuedExperiments(connection).setState(id, 'cancelled');
}

/**
 * Deletes what the server has of something that was cancelled: what came back lies where it was started.
 * @throws OptionError for an id that nothing has; FileError for what is not cancelled, since somebody may be at it.
 */
export async function removeShared(connection: QueueConnection, id: string): Promise<SharedStanding> {
  const standing = await expectShared(connection, id);
  if (!standing.isCancelled) {
    throw new FileError({
      where: `${id} at ${connection.where}`,
      wanted: 'something that was cancelled',
      got: `${formatCount(standing.held)} under way, ${formatCount(standing.open)} open`,
      fix: 'end it first, with --cancel',
    });
  }
  if (standing.kind === 'ask') await new AskLedger(connection.client, id).end();
  else await new QueuedExperiments(connection).remove(id);
  return standing;
}

/** One alone; undefined where nothing has that id, or has it no more. */
export async function findShared(connection: QueueConnection, id: string): Promise<SharedStanding | undefined> {
  const experiment = await new QueuedExperiments(connection).find(id);
  return experiment === undefined ? askStanding(connection, id) : experimentStanding(connection, { id, experiment });
}

async function expectShared(connection: QueueConnection, id: string): Promise<SharedStanding> {
  const found = await findShared(connection, id);
  if (found !== undefined) return found;
  const ids = (await queueStanding(connection)).map((one) => one.id);
  throw new OptionError({
    where: '--experiment',
    wanted: ids.length === 0 ? 'something that is shared' : `one of ${ids.join(', ')}`,
    got: id,
  });
}
