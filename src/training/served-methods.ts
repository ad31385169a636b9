/** @file Which methods a teacher will do for: what a message can offer where it will not do for the one that was asked. */
import { METHODS } from '../methods/table.js';
import type { Teacher } from '../teachers/teacher.js';

/** Methods, with their defaults, that need nothing but what a teacher gives; one that needs temperature 1 set says so. */
export function servedMethods(
  { provides, traced, temperatures }: Pick<Teacher, 'provides' | 'traced' | 'temperatures'>,
  classes: number,
): string[] {
  return Object.entries(METHODS).flatMap(([name, { fromRecord }]) => {
    const method = fromRecord({});
    const { needs, views = {}, leastClasses = method.isForClasses === true ? 2 : 1 } = method;
    if (needs.length === 0 || classes < leastClasses) return [];
    if (needs.some((signal) => !provides.includes(signal))) return [];
    if (traced === undefined && Object.keys(views).length > 0) return [];
    const { temperature = 1 } = method.scalars?.(method.options, { step: 1, totalSteps: 1, epoch: 0 }) ?? {};
    return [temperatures === 'one' && temperature !== 1 ? `${name} at temperature 1` : name];
  });
}
