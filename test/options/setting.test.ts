/** @file A setting that is written down once, in its table, is everywhere: shown by one that is made up. */
import { describe, expect, test, vi } from 'vitest';

vi.mock('../../src/training/text/text-settings.js', async (original) => {
  const real = await original<typeof import('../../src/training/text/text-settings.js')>();
  const inventedRate = {
    kind: 'number',
    above: 0,
    max: 9,
    usual: { encoder: 2.5, bilstm: 4 },
    group: 'Training',
    help: 'how much of it there is',
  } as const;
  return { ...real, TEXT_SETTINGS: { ...real.TEXT_SETTINGS, inventedRate } };
});

const { COMMANDS } = await import('../../src/cli/commands/table.js');
const { configSchema } = await import('../../src/cli/config/json-schema.js');
const { describeKey, SECTIONS, takenByKey } = await import('../../src/cli/config/keys.js');
const { readConfig } = await import('../../src/cli/config/read-config.js');
const { readOptions } = await import('../../src/cli/options.js');
const { comparable } = await import('../../src/files/fingerprint.js');
const { forEncoders, takenBy } = await import('../../src/options/setting.js');
const { HANDED_ON, usualSettings } = await import('../../src/training/text/text-run.js');
const { TEXT_SETTINGS } = await import('../../src/training/text/text-settings.js');
const { configFile } = await import('../cli/config/config-file.js');
const { helpPage } = await import('../cli/help-page.js');

describe('a setting in its table', () => {
  test.each(['train', 'distill', 'pretrain'])('is a flag of retort %s, with range and default', async (name) => {
    const options = COMMANDS.find(({ usage }) => usage.name === name)?.usage.options ?? {};
    const page = (await helpPage([name, '--help'])).replace(/\s+/g, ' ');
    expect(page).toContain('--invented_rate <number> how much of it there is [default: 2.5');
    const written = (value: string) => {
      const flags = new Map([['inventedRate', value], ...(name === 'distill' ? [['teacher', 't'] as const] : [])]);
      return readOptions(`retort ${name}`, options, { flags, operands: ['reviews.csv'] }).values;
    };
    expect(written('3')).toMatchObject({ inventedRate: 3 });
    expect(() => written('10')).toThrow("--invented_rate: wanted a number > 0 and ≤ 9, got '10'");
  });

  test('is a key of a retort.yaml, in its schema and on its page, of the student alone', async () => {
    const key = SECTIONS.training.inventedRate ?? { option: '' };
    expect(key).toEqual({ option: 'inventedRate', student: 'inventedRate' });
    expect(takenByKey(key)).toBe('a number > 0 and ≤ 9');
    expect(describeKey(key)).toEqual({ default: '2.5; bilstm: 4', help: 'how much of it there is' });
    const { entries } = await readConfig(configFile('training: { inventedRate: 1.5 }\n'));
    expect(entries).toMatchObject([{ section: 'training', option: 'inventedRate', written: '1.5' }]);
    await expect(readConfig(configFile('training: { inventedRate: 10 }\n'))).rejects.toThrow(
      /training\.inventedRate: wanted a number > 0 and ≤ 9, got '10'/,
    );
    expect(JSON.stringify(configSchema())).toContain(
      '"inventedRate":{"description":"how much of it there is (default: 2.5; bilstm: 4)","type":"number","maximum":9,"exclusiveMinimum":0}',
    );
  });

  test('has its defaults, is handed on to the run, and is compared when a run is resumed', () => {
    expect(usualSettings({ sort: 'bilstm' })).toMatchObject({ inventedRate: 4 });
    expect(HANDED_ON).toContain('inventedRate');
    expect(comparable({ inventedRate: 3, outputDir: 'x' }, {}, [TEXT_SETTINGS])).toEqual({ inventedRate: 3 });
  });
});

describe('takenBy', () => {
  test('leaves out what is of other commands', () => {
    expect(takenBy(TEXT_SETTINGS, 'distill')).not.toHaveProperty('sampling');
    expect(takenBy(TEXT_SETTINGS, 'train')).toHaveProperty('sampling');
  });
});

describe('forEncoders', () => {
  test('leaves the defaults of encoders alone', () => {
    expect(forEncoders(TEXT_SETTINGS).batchSize.usual).toEqual({ encoder: 32 });
  });
});
