/** @file Which methods a teacher will do for, and at which temperature. */
import type { Method } from '../../methods/method.js';
import { METHODS } from '../../methods/table.js';
import type { Teacher } from '../../teachers/teacher.js';

/** The temperature of a method, or of the stage that a teacher teaches. */
export function temperatureOf({ scalars, options }: Method): number {
  return scalars?.(options, { step: 1, totalSteps: 1, epoch: 0 }).temperature ?? 1;
}

/**
 * A method as a teacher can serve it: one of probabilities that do not say what it gives at another temperature has 1 as the
 * default. Another that was asked for stays, and is refused.
 */
export function servedMethod(method: Method, teacher: Pick<Teacher, 'temperatures'> | undefined): Method {
  if (teacher?.temperatures !== 'one' || method.needs.length === 0) return method;
  const temperature = method.phases === undefined ? temperatureOf(method) : method.options.temperature;
  return temperature === 1 ? method : (method.atTemperature?.(1) ?? method);
}

/** Methods, with their defaults, that need nothing but what a teacher gives. */
export function servedMethods({ provides, traced }: Pick<Teacher, 'provides' | 'traced'>, classes: number): string[] {
  return Object.entries(METHODS).flatMap(([name, { fromRecord }]) => {
    const method = fromRecord({});
    const { needs, views = {}, leastClasses = method.isForClasses === true ? 2 : 1 } = method;
    if (needs.length === 0 || classes < leastClasses) return [];
    if (needs.some((signal) => !provides.includes(signal))) return [];
    if (traced === undefined && Object.keys(views).length > 0) return [];
    return [name];
  });
}
