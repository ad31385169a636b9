import type { Command } from '../command.js';
import { augmentCommand } from './augment.js';
import { compareCommand } from './compare.js';
import { distillCommand } from './distill.js';
import { doctorCommand } from './doctor.js';
import { evaluateCommand } from './evaluate.js';
import { exportCommand } from './export.js';
import { initCommand } from './init.js';
import { mnistCommand } from './mnist.js';
import { mnistWithKdCommand } from './mnist-with-kd.js';
import { predictCommand } from './predict.js';
import { pretrainCommand } from './pretrain.js';
import { primerCommand } from './primer.js';
import { reportCommand } from './report.js';
import { trainCommand } from './train.js';

/** The commands that exist, in the order of the help page. */
export const COMMANDS: readonly Command[] = [
  mnistCommand,
  mnistWithKdCommand,
  initCommand,
  pretrainCommand,
  trainCommand,
  augmentCommand,
  distillCommand,
  evaluateCommand,
  predictCommand,
  exportCommand,
  primerCommand,
  compareCommand,
  reportCommand,
  doctorCommand,
];
