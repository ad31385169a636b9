/** @file An experiment that came through a queue, laid out in a folder of this machine as a shared disk would have it. */
import { readFile, rm } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { FileError } from '../../errors/failures.js';
import { makeFolder } from '../../files/make-folder.js';
import type { WorkSources } from '../../files/work-source.js';
import { type Json, jsonOf } from '../../options/json.js';
import type { BlobStore } from '../../queue/blob.js';
import { bullSource } from '../../queue/bull-source.js';
import { carrier } from '../../queue/carried-files.js';
import type { QueueConnection } from '../../queue/connection.js';
import { cancelPath } from './cancel.js';
import { OUTPUT, pathsOf, relativeName } from './inputs.js';
import { queueName } from './queued-experiments.js';
import type { QueuedExperiment } from './queued-experiments.schema.js';
import { keepWorkPlan } from './work-plan.js';

export type QueuePlaces = { readonly store: BlobStore /** Of this machine; it is filled. */; readonly folder: string };

/**
 * Brings plan and files. What is there already with the same content stays, so that a worker which starts again is quick.
 * @returns the output folder for workers here
 * @throws FileError for a list or file that is damaged, or a plan that names a path outside the folder.
 */
export async function layOut(
  id: string,
  { plan, inputs }: Pick<QueuedExperiment, 'plan' | 'inputs'>,
  { store, folder }: QueuePlaces,
): Promise<string> {
  const outputDir = join(folder, OUTPUT);
  const path = join(folder, 'inputs.json');
  await makeFolder(folder);
  await store.get(inputs, path);
  await carrier({ store, root: folder }).take(jsonOf(await readFile(path, 'utf8')));
  await keepWorkPlan(outputDir, plan);
  await rm(cancelPath(outputDir), { force: true });
  const start = resolve(outputDir, plan.from);
  expectWithin(plan.options, { start, folder, id });
  // No file has to lie there.
  await makeFolder(start);
  return outputDir;
}

/** A plan from elsewhere reads nothing but what came with it. @throws FileError naming the option. */
function expectWithin(
  options: { readonly [name: string]: Json },
  { start, folder, id }: { readonly start: string; readonly folder: string; readonly id: string },
): void {
  const top = resolve(folder) + sep;
  const isWithin = (path: string) => `${resolve(start, path)}${sep}`.startsWith(top);
  for (const [option, paths] of [...pathsOf(options), ['from', ['.']] as const]) {
    const outside = paths.find((path) => !isWithin(path));
    if (outside === undefined) continue;
    const wanted = 'paths among the files that came with it';
    throw new FileError({ where: `experiment ${id}: ${option}`, wanted, got: outside, fix: 'ask who shares it' });
  }
}

/** The units of an experiment, for processes of this machine. */
export function queueSources(
  connection: QueueConnection,
  id: string,
  { store, outputDir }: { readonly store: BlobStore; readonly outputDir: string },
): WorkSources {
  const open = (folder: string) =>
    bullSource({
      ...{ connection, name: queueName(id, relativeName(outputDir, folder)) },
      carrier: carrier({ store, root: outputDir }),
      // What is shared is for the process that leads to say: nothing comes back of an experiment that it has ended.
      adds: false,
    });
  return { runs: open, parts: open };
}
