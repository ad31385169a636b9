/** Where a teacher that is trained for an experiment lies, in the output folder. */
export const TEACHER_FOLDER = 'teacher';
