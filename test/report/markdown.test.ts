import { describe, expect, test } from 'vitest';
import { reportMarkdown } from '../../src/report/markdown.js';
import { primerRecord, smallRecord } from './records.js';

describe('reportMarkdown', () => {
  test('has verdict, arms, gains and command in a few lines', () => {
    const record = smallRecord([82, 80, 84, 79, 81], [80, 78, 81, 77, 79], { command: 'retort primer --seeds 5' });
    // by hand: differences 2 2 3 2 2 have mean 2.2 and half-width 0.555; kd has mean 81.2, no-teacher 79
    expect(reportMarkdown(record)).toBe(`### Does the teacher help?

**BETTER.** kd is better than no-teacher. +2.2 points over no-teacher, 95 % interval \\[1.6, 2.8\\] (± 0.6 from 5 paired seeds, ± 0.002 from 10000 rows).

| arm | accuracy, % | SD | 95 % interval | parameters |
| --- | ---: | ---: | ---: | ---: |
| \`kd\` | 81.20 |  |  | 3,190 |
| \`no-teacher\` | 79.00 |  |  | 3,190 |

| gain | points | 95 % interval | from seeds | from rows | verdict |
| --- | ---: | ---: | ---: | ---: | --- |
| \`kd\` over \`no-teacher\` | +2.2 | [1.6, 2.8] | ± 0.6 | ± 0.002 | BETTER |

5 seeds · 10 runs, 20.0 s in all · retort 0.1.0, Node 20.20.2, ONNX Runtime 1.30.0, a processor

\`\`\`sh
retort primer --seeds 5
\`\`\`
`);
  });

  test('has a line for each arm and gain of the primer, and what the soft targets did', () => {
    const record = primerRecord();
    const lines = reportMarkdown(record).split('\n');
    for (const { name, sd = 0 } of record.arms) {
      expect(lines.filter((line) => line.startsWith(`| \`${name}\` | `) && line.includes(sd.toFixed(2)))).toHaveLength(
        1,
      );
    }
    expect(lines.filter((line) => / over `/.test(line) && line.startsWith('|'))).toHaveLength(record.gains.length);
    expect(lines.join('\n')).toContain(record.softTargets?.text ?? '-');
    expect(lines.join('\n')).toContain(
      'The other comparisons are secondary: they are not corrected for multiple comparisons.',
    );
    expect(lines.join('\n')).toContain('teacher 784-16-10 93.47 %');
    expect(lines.length).toBeLessThan(50);
  });

  test('lets no string of a record open a cell, a tag, a link, a code span or a mention', () => {
    const record = smallRecord([81, 82], [80, 80], {
      question: 'a | b <img src=x> [x](javascript:y) @someone *b* `c`\n# title https://example.org www.example.org',
      command: 'retort "```"\n```\n<b>',
    });
    const [kd, other] = record.arms;
    if (kd === undefined || other === undefined) throw new Error('there are two arms');
    const text = reportMarkdown({ ...record, arms: [{ ...kd, name: 'a|b`c``d\n|' }, other] });
    const [heading, ...rest] = text.split('\n');
    expect(heading).toBe(
      '### a \\| b &lt;img src=x&gt; \\[x\\](javascript:y) &#64;someone \\*b\\* \\`c\\` # title https&#58;//example.org www&#46;example.org',
    );
    // GitHub splits rows at bars before it looks for code, and takes a run of three for the fence of `…``…`.
    expect(rest).toContain('| ```a\\|b`c``d \\|``` | 81.50 |  |  | 3,190 |');
    expect(text).toContain('````sh\nretort "```"\n```\n<b>\n````\n');
  });
});
