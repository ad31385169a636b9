// MiniLM, fine-tuned on SST-2, is distilled into its own first three layers. Control arms say whether that helped: the same
// student without the teacher, with shuffled teacher outputs, and with hard targets.
import { distill, fineTune } from 'retort-ml';
import { glue } from 'retort-ml/data';
import { patientKd } from 'retort-ml/methods';
import { firstLayers, loadTextModel, saveHuggingFace } from 'retort-ml/models';

const task = await glue('sst2', { dir: 'data/sst2' });
const pretrained = await loadTextModel('minilm-l6');
const teacher = await fineTune({ model: pretrained, task, epochs: 3, outputDir: 'outputs/teacher' });
const { verdict, student } = await distill({
  teacher,
  student: firstLayers(pretrained, 3),
  task,
  method: patientKd({ alpha: 0.5, temperature: 10, beta: 100 }),
  epochs: 4,
  learningRate: 5e-5,
  seeds: 5,
  outputDir: 'outputs/student',
});
console.log(verdict); // BETTER, NO BETTER or CAN'T TELL: points over no-teacher, with a 95 % interval over seeds and rows
await saveHuggingFace('student', student);
