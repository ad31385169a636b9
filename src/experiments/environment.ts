/** @file What an experiment ran on. */
import os from 'node:os';
import process from 'node:process';
import { packageVersion } from '../files/package-version.js';
import { loadOnnxRuntime } from '../runtime/native.js';
import { usualThreads } from '../runtime/threads.js';
import type { RunEnvironment } from './experiment-record.schema.js';

/** Versions and machine. Loads ONNX Runtime, which knows its own version. */
export async function describeEnvironment(used: {
  /** Of ONNX Runtime, in each process. Default: `usualThreads`. */
  readonly threads?: number | undefined;
  readonly device?: string | undefined;
}): Promise<RunEnvironment> {
  const { versions } = (await loadOnnxRuntime()).env;
  const { threads = usualThreads(), device } = used;
  return {
    retort: packageVersion(),
    node: process.versions.node,
    onnxruntime: versions.node ?? versions.common,
    platform: `${process.platform} ${process.arch}`,
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    threads,
    ...(device !== undefined && { device }),
  };
}
