import { check, shownPercent } from './check.js';
import type { Exchange } from './teacher-sample.js';

const SHOWN_CLASSES = 6;

export const labelOrder = check('answers', {
  says: "the teacher's classes are in another order than the data's",
  isProblem: true,
  find: ({ teacher, data, exchanges }) => {
    if (exchanges.length === 0) return undefined;
    const moved = exchanges.flatMap(({ classes }) => classes);
    const sum = (of: (exchange: Exchange) => number) => exchanges.reduce((total, exchange) => total + of(exchange), 0);
    const rows = sum((exchange) => exchange.rows);
    const called = (place: number) => `'${data.labelNames[place] ?? place}'`;
    const shown = moved.slice(0, SHOWN_CLASSES);
    const pairs = shown.map(([given, label]) => `${called(given)} predicts the data's ${called(label)}`);
    const more = moved.length > SHOWN_CLASSES ? `, and so on for ${moved.length} classes` : '';
    const names = shown.map(([given, label]) => `${given} is ${called(label)}`);
    return {
      text:
        `teacher ${teacher.name} has the labels of ${data.name} in another order: its ${pairs.join(', its ')}${more}. Reordered, it is right on ` +
        `${shownPercent(sum(({ after }) => after) / rows)} of ${rows} rows of these labels, otherwise on ${shownPercent(sum(({ before }) => before) / rows)}`,
      fix: `give the teacher's classes their right names (id2label of its config.json: ${names.join(', ')}), or correct the labels of the data`,
    };
  },
});
