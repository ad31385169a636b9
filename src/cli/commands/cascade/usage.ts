import { CASCADE_COLUMNS, CASCADE_SETTINGS } from '../../../experiments/cascade/cascade-settings.js';
import { COMPUTE_SETTINGS } from '../../../options/run-settings.js';
import type { CommandUsage } from '../../command.js';
import { messageOptions } from '../../shared-options.js';

export const cascadeUsage = {
  name: 'cascade',
  summary: 'prove from which probability on a student may answer alone, and write that down as a certificate',
  description:
    'A cascade is a student that answers the requests it is sure of, and a teacher that gets the others. The command finds ' +
    'the loosest threshold on the probability of the label at which wrong labels are provably within --risk (of the ' +
    'requests that the student keeps), --risk_all (of all of them), or both, with --confidence. Wrong is a label that the ' +
    'row does not have, or that the teacher did not choose. The proof needs rows that are a random sample of the ' +
    'requests to come and new to student and teacher; name what these learnt from with --trained, and texts for the ' +
    'thresholds with --scale. It prints the statement, the share of requests that the student keeps, and a curve of what ' +
    'other thresholds would give; certificate.json goes beside the student. That nothing can be certified is an answer: ' +
    'the exit code is 0, no file is written, and --json says "certified": false.',
  options: {
    student: {
      kind: 'operand',
      placeholder: 'student',
      required: true,
      help: 'an export (--to onnx, hf or js), or a run or checkpoint, which gets model.onnx beside its weights',
    },
    ...CASCADE_SETTINGS,
    ...CASCADE_COLUMNS,
    ...COMPUTE_SETTINGS,
    ...messageOptions,
  },
  examples: [
    {
      does: 'rows with labels; at most 2 % of what the student keeps may be wrong',
      line: 'retort cascade student --calibration calibration.csv --trained train.csv,dev.csv --risk 0.02',
    },
    {
      does: 'against a teacher: 500 requests that it was asked about, whatever the student says of them',
      line: 'retort ask sample.csv --labels a,b --teacher http://127.0.0.1:8000/v1 --teacher_model m --output_file sample.jsonl && retort cascade student --calibration sample.jsonl --trained texts.csv --risk 0.05 --confidence 0.9',
    },
    {
      does: 'both bounds, thresholds from unlabelled texts, and other rows to hold the promise against',
      line: 'retort cascade student --calibration calibration.csv --trained train.csv --scale texts.txt --risk 0.02 --risk_all 0.01 --test test.csv',
    },
    {
      does: 'after a retraining: the second certificate, on fresh rows',
      line: 'retort cascade student-2 --calibration fresh.csv --trained train.csv --risk 0.02 --round 2',
    },
  ],
} as const satisfies CommandUsage;
