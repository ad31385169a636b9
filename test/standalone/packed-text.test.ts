import { describe, expect, test } from 'vitest';
import { packedIn, packedText } from '../../src/standalone/packed-text.js';
import type { Packed } from '../../src/standalone/student.js';

const whole = (packed: Packed) =>
  `// code\nvar retort=…;\nconst student = retort.open(${packedText(packed)});\nexport const { predict } = student;\n`;

describe('packedIn', () => {
  test('gives what packedText wrote, whatever is in the texts', () => {
    const packed: Packed = {
      facts: '{"labels":["a</script>","b\\\\x3c"]}',
      sections: ['', 'plain', '\\x3c is no <', '\\\\<', '] }\n] }', 'é\u2028😀', '"quoted",'],
      checksum: 12345,
      checker: [3, '<!--', 678],
    };
    expect(packedIn(whole(packed), 'student.js')).toEqual(packed);
  });

  test('refuses another file', () => {
    expect(() => packedIn('export const predict = () => 1;\n', 'other.js')).toThrow(
      'other.js: wanted a student that retort export --to js wrote, got another file; ' +
        'export it again: retort export MODEL --to js --output_dir DIR',
    );
  });
});
