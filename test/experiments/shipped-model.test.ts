import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { writeExperimentRecord } from '../../src/experiments/experiment-record.js';
import { shippedModel } from '../../src/experiments/shipped-model.js';
import { smallRecord } from '../report/records.js';

const root = mkdtempSync(join(tmpdir(), 'retort-shipped-'));
afterAll(() => rmSync(root, { recursive: true }));

const ship = { arm: 'kd', seed: 1, mean: 81, path: 'runs/kd-1', why: 'the highest mean' };

/** The folder of an experiment that says to ship this. */
async function experiment(name: string, shipped: typeof ship | undefined): Promise<string> {
  const folder = join(root, name);
  mkdirSync(folder);
  const record = smallRecord([82, 80], [80, 78]);
  await writeExperimentRecord(join(folder, 'experiment.json'), { ...record, ...(shipped && { ship: shipped }) });
  return folder;
}

describe('shippedModel', () => {
  test('of an experiment’s folder is the run that its record says to ship, and it is said', async () => {
    const notices: string[] = [];
    const folder = await experiment('whole', ship);
    const model = await shippedModel(folder, (text) => notices.push(text));
    expect(model).toBe(join(folder, 'runs', 'kd-1'));
    expect(notices).toEqual([`${folder} is an experiment: ${model} is the student that it says to ship`]);
  });

  test('of any other path, or a name, is that path', async () => {
    writeFileSync(join(root, 'config.json'), '{}');
    for (const path of [root, join(root, 'nothing'), 'minilm-l6', 'runs/three#films']) {
      expect(await shippedModel(path, () => {})).toBe(path);
    }
  });

  test('without a student to ship, or with one outside the folder, it is an error', async () => {
    const none = await experiment('none', undefined);
    await expect(shippedModel(none, () => {})).rejects.toThrow(
      `${join(none, 'experiment.json')}: wanted the student to ship, got none; name the folder of a run: ${join(none, 'runs', 'ARM-SEED')}`,
    );
    for (const [i, path] of ['../../other', 'runs/../../x', '/etc'].entries()) {
      const outside = await experiment(`outside-${i}`, { ...ship, path });
      await expect(shippedModel(outside, () => {})).rejects.toThrow(`wanted the student to ship, got '${path}'`);
    }
  });
});
