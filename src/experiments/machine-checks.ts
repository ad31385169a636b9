/** @file What can be found wrong with a machine: versions, cores, memory, limits, the place that results go to. */

import { mkdtemp, open, readFile, rm, stat, statfs } from 'node:fs/promises';
import os from 'node:os';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { imageDataset } from '../data/images.js';
import { OutputError } from '../errors/failures.js';
import { formatCount } from '../errors/number-text.js';
import { errorCode, outputFailure } from '../files/file-failure.js';
import { packageVersion } from '../files/package-version.js';
import { mlp } from '../models/mlp.js';
import { initialiseParameters } from '../nn/parameters.js';
import { listDevices } from '../runtime/devices.js';
import { withEvaluator } from '../training/evaluation/evaluate.js';
import { describeEnvironment } from './environment.js';
import { type Say, trying } from './finding.js';

const OLDEST_NODE = 20;
const MEBIBYTE = 2 ** 20;
const GIBIBYTE = 2 ** 30;

export async function examineSoftware(say: Say): Promise<void> {
  const [major = 0] = process.versions.node.split('.').map(Number);
  const versions = `retort ${packageVersion()} on Node ${process.versions.node}`;
  if (major >= OLDEST_NODE) say('ok', versions);
  else say('problem', versions, `use Node ${OLDEST_NODE} or newer`);
  await trying(say, async () => {
    const { onnxruntime } = await describeEnvironment({});
    const devices = (await listDevices()).filter(({ isInstalled }) => isInstalled).map(({ name }) => name);
    await runSmallModel();
    say('ok', `ONNX Runtime ${onnxruntime} runs a model; devices: ${devices.join(', ')}`);
  });
}

/** Loading the library is not all that can fail: it must find instructions that this processor has. */
async function runSmallModel(): Promise<void> {
  const model = mlp({ inputs: 4, hidden: [2], classes: 2 });
  const data = imageDataset('a trial', new Uint8Array(4), 4);
  await withEvaluator({ model, data, threads: 1 }, (evaluator) =>
    evaluator.predict(initialiseParameters(model.parameters, 1)),
  );
}

const LITTLE_MEMORY = 512 * MEBIBYTE;

export async function examineMachine(say: Say): Promise<void> {
  const cores = os.availableParallelism();
  const share = await processorShare();
  const model = os.cpus()[0]?.model.trim() ?? 'processor of unknown kind';
  if (share !== undefined && share < cores) {
    const limit = Number(share.toFixed(2));
    say(
      'warning',
      `${cores} cores (${model}), of which this container may use ${limit} at a time`,
      `pass --threads ${Math.max(1, Math.floor(share))}: more threads would wait for each other`,
    );
  } else say('ok', `${cores} core${cores === 1 ? '' : 's'} (${model})`);
  const free = os.freemem();
  const memory = `${gibibytes(free)} of memory free of ${gibibytes(os.totalmem())}`;
  if (free < LITTLE_MEMORY) say('warning', memory, 'close other programs, or use small batches');
  else say('ok', memory);
  await examineLimits(say);
}

/** Processors' worth of time that a container's group may use; undefined without a limit. */
async function processorShare(): Promise<number | undefined> {
  const [quota, period] = (await textOf('/sys/fs/cgroup/cpu.max'))?.trim().split(' ').map(Number) ?? [];
  return quota && period ? quota / period : undefined;
}

const FEW_FILES = 256;

/** A training on texts has three such memories, or four. */
const FEW_ADDRESSES = 40e9;

async function examineLimits(say: Say): Promise<void> {
  const limits = await textOf('/proc/self/limits');
  if (limits === undefined) return;
  const files = softLimit(limits, 'Max open files');
  if (files !== undefined && files < FEW_FILES)
    say('warning', `only ${formatCount(files)} files may be open at once`, 'ulimit -n 1024');
  else say('ok', `${files === undefined ? 'any number of' : formatCount(files)} files may be open at once`);
  const size = softLimit(limits, 'Max file size');
  if (size !== undefined && size < GIBIBYTE) {
    say('warning', `files may have at most ${gibibytes(size)}`, 'ulimit -f unlimited');
  }
  const addresses = softLimit(limits, 'Max address space');
  if (addresses !== undefined && addresses < FEW_ADDRESSES) {
    const why = 'texts are trained with WebAssembly, which reserves 10 GB for each memory and uses little of it';
    say('warning', `only ${gibibytes(addresses)} of virtual address space; ${why}`, 'ulimit -v unlimited');
  }
}

/** Undefined for no limit. */
function softLimit(limits: string, name: string): number | undefined {
  const [, value] = new RegExp(`^${name} +(\\d+)`, 'm').exec(limits) ?? [];
  return value === undefined ? undefined : Number(value);
}

const NO_SPACE = 100 * MEBIBYTE;
const LITTLE_SPACE = GIBIBYTE;

/** @throws OutputError for a place that cannot be written to. */
export async function examineOutput(outputDir: string, say: Say): Promise<void> {
  const folder = await nearestFolder(outputDir);
  try {
    // Permissions say nothing of a read-only disk: write something.
    const trial = await mkdtemp(join(folder, '.retort-doctor-'));
    try {
      const file = await open(join(trial, 'trial'), 'w');
      await file.writeFile('trial').finally(() => file.close());
    } finally {
      await rm(trial, { recursive: true, force: true });
    }
  } catch (error) {
    throw outputFailure(error, folder);
  }
  const { bavail, bsize } = await statfs(folder);
  const space = `${gibibytes(bavail * bsize)} free on the disk of ${folder}, which can be written to`;
  if (bavail * bsize < NO_SPACE) say('problem', space, 'free some space or write elsewhere');
  else if (bavail * bsize < LITTLE_SPACE) say('warning', space, 'free some space or write elsewhere');
  else say('ok', space);
}

/** The folder itself, or where it would be made. */
async function nearestFolder(path: string): Promise<string> {
  let folder = resolve(path);
  for (;;) {
    try {
      if ((await stat(folder)).isDirectory()) return folder;
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || folder === dirname(folder)) throw outputFailure(error, folder);
      folder = dirname(folder);
      continue;
    }
    const got = 'a file of that name';
    throw new OutputError({ where: folder, wanted: 'a folder, or nothing yet', got, fix: 'choose another path' });
  }
}

/** Undefined where the system has no such file. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}

function gibibytes(bytes: number): string {
  return `${(bytes / GIBIBYTE).toFixed(1)} GiB`;
}
