/** @file What is left to be answered beside a cache, which stays as it is. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Dataset } from '../data/dataset.js';
import { selectedRows } from '../data/selected-rows.js';
import { decodeShard, shardBytes } from './answer-shard.js';
import { floatsOf, readsOf, rowShapes } from './answers.js';
import { isShardName, knownSignals } from './cache-folder.js';
import { timedAnswers } from './labelling-plan.js';
import { KeyIndex, keysOfRows } from './row-keys.js';
import type { FedSignals, LabellingPlan, PlanRequest, Teacher } from './teacher.js';

/** @param path of the teacher's folder in the cache, which need not be there. Its name is the teacher's key. */
export async function cachedPlan(
  teacher: Teacher,
  path: string,
  data: Dataset,
  request: PlanRequest,
): Promise<LabellingPlan> {
  const index = new KeyIndex(await keysOfRows(data, readsOf(teacher), `teacher ${teacher.name}`));
  const firsts = index.firsts.filter((first, row) => first === row);
  const known = await knownSignals({ path });
  const answered = known === undefined ? new Set<number>() : await answeredRows(teacher, path, known, index);
  const missing = firsts.filter((row) => !answered.has(row));
  const rows = { rows: firsts.length, unanswered: missing.length };
  if (known !== undefined && missing.length === 0) return { ...rows, seconds: 0, bytes: 0, signals: known };
  // A teacher that says itself what it takes is not tried: it may ask elsewhere.
  const { plan } = teacher;
  const planned =
    plan === undefined
      ? await timedAnswers(teacher, data, missing, request)
      : await plan(selectedRows(data, missing), request);
  return { ...planned, ...rows, bytes: shardBytes(missing.length, floatsIn(teacher, planned.signals)) };
}

function floatsIn({ name }: Teacher, signals: FedSignals): number {
  return floatsOf(rowShapes(signals, `teacher ${name}`));
}

async function answeredRows(
  teacher: Teacher,
  path: string,
  signals: FedSignals,
  index: KeyIndex,
): Promise<ReadonlySet<number>> {
  const floats = floatsIn(teacher, signals);
  const answered = new Set<number>();
  for (const name of (await readdir(path)).filter(isShardName)) {
    const shard = decodeShard(await readFile(join(path, name)), basename(path), floats);
    for (let at = 0; at < (shard?.rows ?? 0); at++) {
      const row = shard && index.rowOf(shard.keys, at);
      if (row !== undefined) answered.add(row);
    }
  }
  return answered;
}
