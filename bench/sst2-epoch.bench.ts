/**
 * @file One epoch of fine-tuning MiniLM on SST-2's 67,349 rows, batches of 32 of like length, dropout 0.1: from the first step to
 * the end of the last, by retort and by PyTorch on the same batches, each in a process of its own, whose peak memory is told
 * (that of retort with tokenizer and texts, that of PyTorch without).
 *
 *   RETORT_DATA=… npm run bench -- sst2-epoch [--max-steps 200] [--rounds 1] [--mode float32] [--alone] [--plain-malloc]
 *
 * With `--max-steps` an epoch's time is estimated from so many steps; sessions are opened in them, so it comes out high.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median, spread } from './figures.js';
import { type FinetuneRun, finetune, finetuneByPeer } from './finetune.js';
import { hasPyTorch } from './peers/peer.js';

/** The whole epoch's seconds. */
function epochSeconds({ seconds, losses, wholeSteps }: FinetuneRun): number {
  return (seconds * wholeSteps) / losses.length;
}

function say(side: string, run: FinetuneRun): void {
  const { stepMs, losses, wholeSteps, accuracy, peakMegabytes } = run;
  const isWhole = losses.length === wholeSteps;
  console.log(
    `${side}: ${isWhole ? '' : `estimated from ${losses.length} of ${wholeSteps} steps: `}${epochSeconds(run).toFixed(0)} s, ` +
      `median step ${median(stepMs).toFixed(0)} ms, peak ${peakMegabytes.toFixed(0)} MB` +
      (isWhole ? `, accuracy ${(100 * accuracy).toFixed(2)} %` : ''),
  );
}

export function main(args: readonly string[]): void {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'max-steps': { type: 'string' },
      rounds: { type: 'string', default: '1' },
      /** Of PyTorch: peers/modes.py. */
      mode: { type: 'string', default: 'float32' },
      alone: { type: 'boolean', default: false },
      /** PyTorch as it is installed, without the allocator settings that make it faster. */
      'plain-malloc': { type: 'boolean', default: false },
    },
  });
  if (process.env.RETORT_DATA === undefined) {
    console.log('RETORT_DATA is not set: no SST-2 to train on');
    return;
  }
  const maxSteps = values['max-steps'] === undefined ? {} : { maxSteps: Number(values['max-steps']) };
  const plain = values['plain-malloc'] ? ['--plain-malloc'] : [];
  const hasPeer = !values.alone && hasPyTorch();
  const ratios: number[] = [];
  for (let round = 1; round <= Number(values.rounds); round++) {
    const folder = mkdtempSync(join(tmpdir(), 'retort-bench-'));
    try {
      const ours = finetune(folder, { epochs: 1, dropout: 0.1, seed: round, ...maxSteps });
      say('retort', ours);
      if (!hasPeer) continue;
      const theirs = finetuneByPeer(folder, ours, ['--mode', values.mode, ...plain]);
      say('PyTorch', theirs);
      ratios.push(epochSeconds(theirs) / epochSeconds(ours));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  if (ratios.length > 0) console.log(`ratio ${spread(ratios, 2)}`);
}
