export { modelTeacher } from '../teachers/model-teacher.js';
export type { Teacher, TeacherAnswers } from '../teachers/teacher.js';
