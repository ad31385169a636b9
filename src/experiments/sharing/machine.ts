/** @file The machine and process that a run of a shared experiment was done by. */
import os from 'node:os';
import process from 'node:process';
import { describeEnvironment } from '../environment.js';
import type { RunMachine } from '../results-file.schema.js';
import { processorFamily } from './processor-family.js';

/** This process, for the lines of its runs. */
export async function thisMachine(used: Parameters<typeof describeEnvironment>[0]): Promise<RunMachine> {
  const { retort, node, onnxruntime, platform, cpu, threads = 0 } = await describeEnvironment(used);
  const processor = processorFamily();
  return { host: os.hostname(), pid: process.pid, retort, node, onnxruntime, platform, cpu, processor, threads };
}

/** `process 12`, or `process 12 on pod-a`. */
export function machineName({ host, pid }: Pick<RunMachine, 'host' | 'pid'>): string {
  return host === os.hostname() ? `process ${pid}` : `process ${pid} on ${host}`;
}
