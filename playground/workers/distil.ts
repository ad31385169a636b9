/** @file Distils in a worker, and answers by the students that it has trained. It ends when the page ends it. */
import { sentError } from '../../src/inference/worker-calls.js';
import type { Student } from '../../src/standalone/student.js';
import type { FromDistiller, Said, ToDistiller } from '../distil/messages.js';

let students: ReadonlyMap<string, Student> = new Map();

const post = (message: FromDistiller): void => self.postMessage(message);

/** An answer and what it takes: the median of some calls, since one is as long as what the browser does meanwhile. */
const CALLS = 15;

function ask({ predict }: Student, text: string): Said {
  const times: number[] = [];
  let answer = predict(text);
  for (let call = 0; call < CALLS; call++) {
    const begun = performance.now();
    answer = predict(text);
    times.push(performance.now() - begun);
  }
  const [{ label, probabilities } = { label: '', probabilities: [] }] = [answer].flat();
  return { label, probabilities, milliseconds: times.sort((a, b) => a - b)[CALLS >> 1] ?? 0 };
}

addEventListener('message', async ({ data }: MessageEvent<ToDistiller>) => {
  try {
    if ('job' in data) {
      // Cephes has to be awaited while it loads, and a worker drops what is sent to it meanwhile.
      const { distilArms } = await import('../distil/arms.js');
      const found = await distilArms(data.job, (arm, event, place, of) => post({ event, arm, place, of }));
      students = found.students;
      post({ outcome: found.outcome });
    } else {
      const said = [...students].map(([arm, student]) => ({
        arm: arm as 'taught' | 'alone',
        ...ask(student, data.ask),
      }));
      post({ text: data.ask, said });
    }
  } catch (error) {
    post({ error: sentError(error) });
  }
});
