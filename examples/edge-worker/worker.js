// A worker that answers GET /?text=… and POST of a JSON list of texts, by a student in the folder beside it:
//   retort export MODEL --to js --output_dir examples/edge-worker/student
// Run it with `npx wrangler dev worker.js`, or on any runtime of workers; test/clients/runtimes/check.mjs runs it on workerd.
import { labels, predict } from './student/student.js';

export default {
  async fetch(request) {
    const { searchParams } = new URL(request.url);
    if (request.method === 'GET') {
      const text = searchParams.get('text');
      return text === null ? Response.json({ labels }) : Response.json(predict(text));
    }
    try {
      return Response.json(predict(await request.json()));
    } catch (error) {
      return Response.json({ error: error.message }, { status: 400 });
    }
  },
};
