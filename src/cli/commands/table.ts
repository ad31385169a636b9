import { type Command, command } from '../command.js';
import { askUsage } from './ask/usage.js';
import { augmentUsage } from './augment/usage.js';
import { cascadeUsage } from './cascade/usage.js';
import { mnistUsage, mnistWithKdUsage, primerUsage } from './digits/usage.js';
import { distillUsage } from './distill/usage.js';
import { mergeUsage, statusUsage, workerUsage } from './distill/worker-usage.js';
import { initUsage } from './init/usage.js';
import { playgroundUsage } from './playground/usage.js';
import { pretrainUsage } from './pretrain/usage.js';
import { compareUsage, doctorUsage, reportUsage } from './report/usage.js';
import { serveUsage } from './serve/usage.js';
import { trainUsage } from './train/usage.js';
import { evaluateUsage, exportUsage, predictUsage } from './use/usage.js';

/** The commands that exist, in the order of the help page, each with the code that does its work. */
export const COMMANDS: readonly Command[] = [
  command(mnistUsage, async () => (await import('./digits/digit-training.js')).trainOnMnist),
  command(mnistWithKdUsage, async () => (await import('./digits/digit-training.js')).trainOnMnist),
  command(initUsage, async () => (await import('./init/init-config.js')).writeConfig),
  command(pretrainUsage, async () => (await import('./pretrain/text-pretraining.js')).pretrainOnTexts),
  command(trainUsage, async () => (await import('./train/text-training.js')).trainOnTexts),
  command(augmentUsage, async () => (await import('./augment/text-augmentation.js')).augmentTexts),
  command(askUsage, async () => (await import('./ask/text-asking.js')).askAboutTexts),
  command(distillUsage, async () => (await import('./distill/text-distillation.js')).distilOnTexts),
  command(workerUsage, async () => (await import('./distill/worker.js')).workOn),
  command(statusUsage, async () => (await import('./distill/worker.js')).tellStatus),
  command(mergeUsage, async () => (await import('./distill/merge.js')).mergeExperiment),
  command(evaluateUsage, async () => (await import('./use/text-evaluation.js')).evaluateModel),
  command(predictUsage, async () => (await import('./use/text-prediction.js')).predict),
  command(exportUsage, async () => (await import('./use/model-export.js')).exportTrained),
  command(cascadeUsage, async () => (await import('./cascade/student-cascade.js')).certifyCascade),
  command(serveUsage, async () => (await import('./serve/student-service.js')).serveOverHttp),
  command(primerUsage, async () => (await import('./digits/primer.js')).primer),
  command(playgroundUsage, async () => (await import('./playground/playground-site.js')).openPlayground),
  command(compareUsage, async () => (await import('./report/report-files.js')).compare),
  command(reportUsage, async () => (await import('./report/report-files.js')).writeReport),
  command(doctorUsage, async () => (await import('./report/report-files.js')).diagnose),
];
