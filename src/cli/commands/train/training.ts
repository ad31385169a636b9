import { OptionError } from '../../../errors/failures.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import type { OptionValues } from '../../options.js';
import type { trainUsage } from './usage.js';

/** `retort train`: on one data set, or on several that one model learns. */
export async function train(options: OptionValues<typeof trainUsage.options>, io: CommandIo): Promise<CommandOutput> {
  const got = options.data;
  if (options.student && io.config === undefined) {
    throw new OptionError({ where: '--student', wanted: 'a retort.yaml', got, fix: 'leave the flag out' });
  }
  if (options.data.includes(',')) {
    if (options.dryRun) {
      throw new OptionError({ where: '--dry_run', wanted: 'one data set', got, fix: 'leave the flag out' });
    }
    const { trainOnTasks } = await import('./multi-task-training.js');
    return trainOnTasks(options, io);
  }
  if (options.sampling !== undefined) {
    throw new OptionError({ where: '--sampling', wanted: 'several data sets', got, fix: 'leave the flag out' });
  }
  const { trainOnTexts } = await import('./text-training.js');
  return trainOnTexts(options, io);
}
