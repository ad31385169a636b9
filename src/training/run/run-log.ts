/** @file `log.jsonl`: one line of JSON for each epoch, each evaluation and every so many steps. */
import { closeSync, fsyncSync, openSync, statSync, truncateSync } from 'node:fs';
import { outputFailure } from '../../files/file-failure.js';
import { appendJsonLine } from '../../files/json-lines.js';
import { expectStillLocked } from '../../files/lock.js';
import type { LossMeans } from '../step/loss-means.js';
import type { CheckEvent } from './events.js';

/** Steps between two lines about steps; a line has the means over them. */
export const LINE_STEPS = 50;

/** `seconds` are those of the run; all else is the same however often a run was interrupted. */
export type LogLine = { readonly seconds: number } & (
  | {
      readonly type: 'start';
      readonly totalSteps: number;
      readonly epochs: number;
      readonly trainRows: number;
      readonly parameters: number;
    }
  | ({
      readonly type: 'steps';
      readonly step: number;
      readonly epoch: number;
      readonly learningRate: number;
    } & LossMeans)
  | ({ readonly type: 'epoch'; readonly step: number; readonly epoch: number } & LossMeans)
  | {
      readonly type: 'evaluation';
      readonly step: number;
      readonly epoch: number;
      readonly split: string;
      readonly metrics: Readonly<Record<string, number>>;
    }
  | {
      readonly type: 'test';
      readonly epoch?: number | undefined;
      readonly split: string;
      readonly metrics: Readonly<Record<string, number>>;
    }
  | {
      readonly type: 'strength';
      readonly strength: number;
      readonly loss: number;
      readonly tried: number;
      readonly of: number;
    }
  | CheckEvent
  | { readonly type: 'end'; readonly steps: number; readonly stoppedEarly: boolean }
);

export type RunLog = {
  write(line: LogLine): void;
  /** Makes all lines outlive a power cut, and returns the length of the file. */
  sync(): number;
};

/**
 * Opens the log of a run that starts, or of one that goes on: then all lines after the first `keptBytes` go, since the
 * steps they are about will be done again.
 * @throws OutputError naming the path.
 */
export function openRunLog(path: string, keptBytes?: number): RunLog {
  try {
    expectStillLocked(path);
    if (keptBytes !== undefined && statSync(path, { throwIfNoEntry: false }) !== undefined) {
      if (statSync(path).size > keptBytes) truncateSync(path, keptBytes);
    }
  } catch (error) {
    throw outputFailure(error, path);
  }
  return {
    write: (line) => appendJsonLine(path, line),
    sync: () => {
      try {
        const fd = openSync(path, 'a');
        try {
          fsyncSync(fd);
        } finally {
          closeSync(fd);
        }
        return statSync(path).size;
      } catch (error) {
        throw outputFailure(error, path);
      }
    },
  };
}
