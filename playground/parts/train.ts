/** @file Training in the tab: with and without a teacher over seeds, and a digit that no student has seen. */
import { loadDigits } from '../digits.js';
import { el } from '../element.js';
import type { PartContext } from '../part.js';
import { loadMlp } from '../saved-mlp.js';
import { hasRuntime } from '../widgets/needs-runtime.js';
import { neverSeenView } from './never-seen.js';
import { seedsView } from './seeds.js';

export async function mount(element: HTMLElement, context: PartContext): Promise<void> {
  element.append(
    el(
      'p',
      {},
      'Two students of the same size learn from the same 800 images, one from their labels, one from a teacher as well. ',
      'Does the teacher help? Train, and see how much of an answer one run is.',
    ),
  );
  if (!hasRuntime(element, context)) return;
  const own = context.folder?.holds.primer?.teacher;
  const [digits, teacher, wideTeacher] = await Promise.all([
    loadDigits(context),
    loadMlp(context, own === undefined ? 'models/teacher' : `folder/${own}`),
    loadMlp(context, 'models/wide-teacher'),
  ]);
  element.append(
    seedsView({ digits, teacher, say: context.say }),
    neverSeenView({ digits, teacher: wideTeacher, say: context.say }),
  );
}
