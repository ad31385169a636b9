import { describe, expect, test } from 'vitest';
import { columnsOf, readTexts } from '../../src/browser/text-file.js';

const file = (name: string, text: string) => ({ name, bytes: new TextEncoder().encode(text) });

const MAILS = file(
  'mails.csv',
  [
    'id,topic,mail,sent',
    ...Array.from({ length: 12 }, (_, i) => `m${i},${i % 2 ? 'bill' : 'parcel'},this is mail number ${i} of them,2026`),
  ].join('\n'),
);

describe('columnsOf', () => {
  test('tells texts and labels from what the columns hold', async () => {
    expect(await columnsOf(MAILS)).toEqual({
      names: ['id', 'topic', 'mail', 'sent'],
      guess: { text: 'mail', label: 'topic', id: 'id' },
    });
  });

  test('guesses nothing where two columns could be the texts', async () => {
    const two = file('two.csv', `one,two,label\n${'a few words,and some more of them,x\n'.repeat(2)}b c d,e f g,y\n`);
    expect((await columnsOf(two)).guess).toEqual({});
  });

  test('refuses a file of one column', async () => {
    await expect(columnsOf(file('one.csv', 'text\nsome words\n'))).rejects.toThrow(/one\.csv/);
  });
});

describe('readTexts', () => {
  test('gives texts, labels and ids of the columns', async () => {
    const { texts, labels, ids } = await readTexts(MAILS, { text: 'mail', label: 'topic', id: 'id' });
    expect([texts[1], labels?.slice(0, 2), ids?.[11]]).toEqual([
      'this is mail number 1 of them',
      ['parcel', 'bill'],
      'm11',
    ]);
  });

  test('reads no labels where there is no column of them, and null for an empty cell', async () => {
    expect((await readTexts(MAILS, { text: 'mail' })).labels).toBeUndefined();
    const some = file('some.csv', 'text,label\na,x\nb,\nc,y\n');
    expect((await readTexts(some, { text: 'text', label: 'label' })).labels).toEqual(['x', null, 'y']);
  });
});
