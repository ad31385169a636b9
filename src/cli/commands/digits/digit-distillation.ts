import { hinton } from '../../../methods/hinton.js';
import { loadModel } from '../../../models/saved-model.js';
import { modelTeacher } from '../../../teachers/model-teacher.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import type { OptionValues } from '../../options.js';
import { type Distillation, trainOnMnist } from './digit-training.js';
import type { mnistWithKdOptions } from './usage.js';

/** `retort mnist-with-kd`. */
export function distilOnMnist(options: OptionValues<typeof mnistWithKdOptions>, io: CommandIo): Promise<CommandOutput> {
  const { teacherModel, alphaForKd: alpha, temperatureForKd: temperature } = options;
  return trainOnMnist(options, io, async (device): Promise<Distillation> => {
    const method = articleKd(alpha, temperature);
    const saved = await loadModel(teacherModel, { onNotice: io.notice });
    if (method.needs.length > 0) return { method, teacher: modelTeacher(saved, { threads: options.threads, device }) };
    io.notice('with --alpha_for_kd 0 the labels alone count, and the teacher is not asked');
    return { method };
  });
}

/** The article's loss: PyTorch's `KLDivLoss()` as it comes averages over rows and classes. */
export function articleKd(alpha: number, temperature: number) {
  return hinton({ preset: 'primer', alpha, temperature });
}
