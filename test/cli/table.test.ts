import { describe, expect, test } from 'vitest';
import { type PrimerRow, renderPrimerTable } from '../../src/cli/table.js';

const rows: readonly PrimerRow[] = [
  { model: 'teacher', parameters: 12730, articleAccuracy: 92.51, ourAccuracy: 93.9, seconds: 0.874 },
  { model: 'small', parameters: 3190, articleAccuracy: 63.18, ourAccuracy: 62, seconds: 12.34 },
  { model: 'small-with-kd', parameters: 3190, articleAccuracy: 71.38, ourAccuracy: undefined, seconds: undefined },
];

describe('renderPrimerTable', () => {
  // witness: set by hand
  test('columns are aligned, numbers to the right', () => {
    expect(renderPrimerTable(rows)).toBe(
      [
        'model                 parameters   article %   ours %     time',
        '-------------------   ----------   ---------   ------   ------',
        'teacher                   12,730       92.51    93.90   0.87 s',
        'small model                3,190       63.18    62.00   12.3 s',
        'small model with KD        3,190       71.38        -        -',
      ].join('\n'),
    );
  });

  test('40 columns are enough', () => {
    const table = renderPrimerTable(rows, 40);
    expect(table).toBe(
      [
        'model      params article  ours   time',
        '---------- ------ ------- ----- ------',
        'teacher    12,730   92.51 93.90 0.87 s',
        'small       3,190   63.18 62.00 12.3 s',
        'small + KD  3,190   71.38     -      -',
      ].join('\n'),
    );
  });
});
