/** @file `node finetune-run.js FOLDER JOB`: the process in which `finetune` trains. */
import { type FinetuneJob, runFinetuning } from './finetune.js';

const [folder = '', job = '{}'] = process.argv.slice(2);
await runFinetuning(folder, JSON.parse(job) as FinetuneJob);
