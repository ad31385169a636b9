import { OptionError } from '../../errors/failures.js';
import { loadModel } from '../../models/saved-model.js';

/** The teacher that an experiment was begun with. @throws OptionError for another; what `loadModel` throws. */
export async function expectedTeacher(path: string, hash: string): ReturnType<typeof loadModel> {
  const saved = await loadModel(path);
  if (saved.contentHash === hash) return saved;
  throw new OptionError({
    where: path,
    wanted: `the teacher of this experiment, ${hash.slice(0, 12)}`,
    got: saved.contentHash.slice(0, 12),
    fix: 'start over in another folder',
  });
}
