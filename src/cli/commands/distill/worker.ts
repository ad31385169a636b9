/** @file `retort worker` and `retort status`: what several processes do for one experiment. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { FileError, InterruptedError, OptionError } from '../../../errors/failures.js';
import { formatCount } from '../../../errors/number-text.js';
import { verifyTexts, workOnTexts } from '../../../experiments/distillation/distill-texts.js';
import type {
  DistillTextsEvent,
  DistillTextsOptions,
} from '../../../experiments/distillation/distill-texts-options.js';
import { cancelWork } from '../../../experiments/sharing/cancel.js';
import { hasParentSources, parentSources } from '../../../experiments/sharing/parent-sources.js';
import { planPath, WORK } from '../../../experiments/sharing/sharing.js';
import type { VerifiedRuns } from '../../../experiments/sharing/verified-runs.js';
import { expectSameMachine, hasWorkPlan, readWorkPlan, startOfPaths } from '../../../experiments/sharing/work-plan.js';
import { type WorkStanding, workStanding } from '../../../experiments/sharing/work-standing.js';
import { asJson } from '../../../files/fingerprint.js';
import { TRIES } from '../../../files/lease-folder.js';
import { isThere } from '../../../files/path-entry.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { formatDuration, formatTimeRange } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import { renderTable } from '../../table.js';
import type { statusUsage, workerUsage } from './worker-usage.js';
import { endWithParent } from './workers.js';

const POLL_MS = 1000;

/** Joins an experiment until every run has a result. */
export async function workOn(options: OptionValues<typeof workerUsage.options>, io: CommandIo): Promise<CommandOutput> {
  const { queue, teacher } = options;
  if (queue !== undefined && teacher !== undefined) {
    return (await import('./asking-worker.js')).workOnAsks({ ...options, queue, teacher }, io);
  }
  if (queue !== undefined) return (await import('./queue-worker.js')).workOnQueue({ ...options, queue }, io);
  endWithParent();
  const wanted = 'the output folder of an experiment, or --queue with --store or --teacher';
  const folder = expectFolder(options.folder, 'retort worker', wanted);
  const outputDir = resolve(folder);
  const signal = io.interruption();
  await waitForPlan(outputDir, options.wait, signal, io);
  const plan = await readWorkPlan(outputDir);
  expectSameMachine(plan, folder, options);
  // Paths among the options start where the experiment was started.
  process.chdir(startOfPaths(plan, outputDir));
  const asked = plan.options as Partial<DistillTextsOptions>;
  const joining = {
    ...asked,
    teacher: asked.teacher ?? '',
    ...{ threads: plan.threads, outputDir, resume: true, signal },
    onEvent: (event: DistillTextsEvent) => tell(event, io),
  };
  if (options.verify !== undefined) {
    const scratch = await mkdtemp(join(tmpdir(), 'retort-verify-'));
    try {
      const sharing = { role: 'verifies', plan, percent: options.verify, scratch } as const;
      return verifiedOutput(outputDir, await verifyTexts({ ...joining, sharing }));
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  const parent = hasParentSources() ? parentSources(outputDir) : undefined;
  const sharing = { role: 'joins', plan, sources: parent?.sources } as const;
  const { runs, here } = await workOnTexts({ ...joining, sharing }).finally(() => parent?.release());
  const text = `${formatCount(here)} of ${formatCount(runs)} runs done here; the record is made where the experiment was started`;
  return { text, json: { outputDir, runs, here } };
}

function expectFolder(folder: string | undefined, where: string, wanted: string): string {
  if (folder !== undefined) return folder;
  throw new OptionError({ where, wanted, got: 'neither', fix: `see ${where} --help` });
}

function verifiedOutput(outputDir: string, { runs, verified }: VerifiedRuns): CommandOutput {
  const text = `${formatCount(verified.length)} of ${formatCount(runs)} finished runs computed again, with the same bytes: ${verified.join(', ')}`;
  return { text, json: { outputDir, runs, verified } };
}

async function waitForPlan(folder: string, minutes: number, signal: AbortSignal, io: CommandIo): Promise<void> {
  const until = performance.now() + 60_000 * minutes;
  let isTold = false;
  while (!hasWorkPlan(folder)) {
    if (performance.now() >= until) {
      throw new FileError({
        where: planPath(folder),
        wanted: 'an experiment that is shared',
        got: (await isThere(folder)) ? 'a folder without a plan' : 'nothing of that name',
        fix: 'start retort distill with --workers and this --output_dir, or wait for it: --wait MINUTES',
      });
    }
    if (!isTold) io.say(`waiting for ${planPath(folder)}`);
    isTold = true;
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
    if (signal.aborted) {
      throw new InterruptedError({ where: folder, wanted: 'a plan', got: 'a request to stop', fix: 'start it again' });
    }
  }
}

function tell(event: DistillTextsEvent, io: CommandIo): void {
  if (event.type === 'labelling') io.onLabelling(event.name, event);
  else if (event.type === 'notice') io.onNotice(event.text);
  else if (event.type === 'training') io.onEvent(event.event);
  else if (event.type === 'experiment' && event.event.type === 'run-start') {
    io.say(`${event.event.arm}, seed ${event.event.seed}`);
  }
}

/** Says where a shared experiment stands, or ends it. */
export async function tellStatus(
  options: OptionValues<typeof statusUsage.options>,
  io: CommandIo,
): Promise<CommandOutput> {
  const { queue, cancel } = options;
  expectTogether(options);
  if (queue !== undefined) return (await import('./queue-status.js')).tellQueue({ ...options, queue }, io);
  const folder = expectFolder(options.folder, 'retort status', 'the output folder of an experiment, or --queue');
  const found = await workStanding(folder);
  if (cancel) await cancelWork(folder);
  const standing = { ...found, isCancelled: cancel || found.isCancelled };
  return { text: statusLines(standing, folder, io.columns).join('\n'), json: asJson(standing) };
}

/** What means nothing without a queue, or in one's place. */
function expectTogether({ folder, queue, experiment, remove }: OptionValues<typeof statusUsage.options>): void {
  const own = queue === undefined ? { experiment, remove: remove || undefined } : { folder };
  for (const [name, got] of Object.entries(own)) {
    if (got === undefined) continue;
    const where = name === 'folder' ? 'FOLDER' : `--${name}`;
    const wanted = queue === undefined ? '--queue beside it' : 'either it or --queue';
    throw new OptionError({ where, wanted, got: queue === undefined ? 'no queue' : `${got} and --queue` });
  }
}

function statusLines(standing: WorkStanding, folder: string, columns: number | undefined): string[] {
  const { runs, done, open, held, failed, isCancelled, secondsLeft } = standing;
  const left = secondsLeft === undefined ? '' : `, ${formatTimeRange(secondsLeft)} left`;
  const counts = `${formatCount(done)} of ${formatCount(runs)} runs done, ${held.length} under way, ${formatCount(open)} open`;
  const rows = held.map(({ unit, worker, fraction, seconds }) => [
    worker,
    unit,
    `${Math.floor(100 * fraction)} %`,
    formatDuration(seconds),
    fraction > 0 ? formatDuration((seconds * (1 - fraction)) / fraction) : '-',
  ]);
  return [
    `${folder}: ${counts}${left}`,
    ...(rows.length > 0 ? ['', renderTable(['worker', 'run', 'done', 'time', 'left'], rows, columns), ''] : []),
    ...failed.map(({ unit, isAside, reasons }) => {
      const what = isAside ? 'is set aside' : 'failed and will be tried again';
      return `${unit} ${what}, after ${reasons.length} of ${TRIES} tries: ${reasons.at(-1)}`;
    }),
    ...(isCancelled ? [`cancelled: nobody takes a run of ${join(folder, WORK)} until the experiment is resumed`] : []),
  ];
}
