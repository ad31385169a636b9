import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { distillUsage } from '../../src/cli/commands/distill/usage.js';
import { compareUsage } from '../../src/cli/commands/report/usage.js';
import { trainUsage } from '../../src/cli/commands/train/usage.js';
import { evaluateUsage } from '../../src/cli/commands/use/usage.js';
import { schemaText } from '../../src/cli/config/json-schema.js';
import { ASKED_METRICS, JUDGED_METRICS, METRICS } from '../../src/metrics/table.js';

/** A metric is a line of the table: all that names metrics has it without another edit. */

const page = readFileSync(new URL('../../docs/evidence.md', import.meta.url), 'utf8');

test('train --monitor takes every metric', () => {
  expect(trainUsage.options.monitor.choices).toEqual([...ASKED_METRICS, 'loss']);
});

test('agreement with a teacher, which takes the place of labels, is a metric of records and cannot be asked for', () => {
  expect(JUDGED_METRICS.filter((name) => !ASKED_METRICS.includes(name))).toEqual(['agreement']);
  expect(compareUsage.options.metric.choices).toEqual(JUDGED_METRICS);
});

describe.each(ASKED_METRICS)('%s', (name) => {
  test.each([distillUsage, compareUsage, evaluateUsage])('$name --metric takes it', ({ options }) => {
    expect(options.metric.choices).toContain(name);
  });

  test('a retort.yaml takes it, and docs/evidence.md says what a point of it is', () => {
    expect(JSON.parse(schemaText()).properties.task.properties.metric.enum).toContain(name);
    const { unit, least } = METRICS[name];
    const point = unit === '' ? 'a hundredth of the correlation' : 'one percent';
    expect(page).toMatch(new RegExp(`^\\| \`${name}\` \\| .+ \\| ${point} \\| ${least} to 100 \\|$`, 'm'));
  });
});
