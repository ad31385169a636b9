/** @file What of a run's record is known before it has trained. */
import { packageVersion } from '../../files/package-version.js';
import { defined } from '../../options/given.js';
import { loadOnnxRuntime } from '../../runtime/native.js';
import type { PreparedRun } from './prepare-run.js';
import type { RunRecord } from './run-record.js';

export async function recordHead({ options, parameters, evaluation, fingerprint }: PreparedRun) {
  const { data, seed, command, config } = options;
  const { versions } = (await loadOnnxRuntime()).env;
  return {
    retort: packageVersion(),
    node: process.versions.node,
    onnxruntime: versions.node ?? versions.common,
    ...defined({ command, config }),
    ...{ seed, parameters },
    data: {
      train: { name: data.train.name, rows: data.train.size },
      ...(evaluation && { evaluation: { name: evaluation.data.name, rows: evaluation.scored ?? evaluation.rows } }),
    },
    options: fingerprint(),
  } satisfies Partial<RunRecord>;
}
