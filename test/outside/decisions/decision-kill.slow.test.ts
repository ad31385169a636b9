/** @file A kill at any moment of asking: what is logged is not asked again, and no more is lost than was under way. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runModule, temporaryFolder } from '../../files/processes.js';
import { mockServer } from '../asking/endpoint-server.js';

const root = temporaryFolder();
const ROWS = 40;
const CONCURRENCY = 4;

const ASKING = `
import { textTable } from 'DIST/data/text-table.js';
import { decisionEndpointTeacher } from 'DIST/entries/teachers.js';
const texts = Array.from({ length: ${ROWS} }, (_, i) => 'text ' + i);
const data = { name: 'rows', size: texts.length, text: { table: textTable('rows', { texts }) } };
const [url, log] = process.argv.slice(1);
const teacher = decisionEndpointTeacher({
  ...{ url, log, format: 'systemone', model: 'm', labelNames: ['no', 'yes'], concurrency: ${CONCURRENCY}, smokeRows: 8 },
});
const targets = [];
await teacher.ask(data, (_, { target }) => targets.push(Math.exp(target.logits[1]).toFixed(6)));
console.log(JSON.stringify({ targets, report: teacher.report() }));
`;

const chanceOf = (text: string) => (Number(text.split(' ')[1]) % 9) / 10 + 0.1;

/** Whole lines of a log, by the text that each is about. */
function logged(log: string): string[] {
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line).text);
}

describe('decisionEndpointTeacher', () => {
  test.each([
    'before open log.jsonl 1',
    'after open log.jsonl 1',
    'before write log.jsonl 1',
    'during write log.jsonl 1',
    'after write log.jsonl 1',
    'before write log.jsonl 7',
    'during write log.jsonl 8',
    'after write log.jsonl 9',
    'before write log.jsonl 25',
    'during write log.jsonl 26',
    'after write log.jsonl 40',
  ])('kill -9 %s', async (point) => {
    const asked: string[] = [];
    const server = await mockServer((request) => {
      const { state } = request as unknown as { state: string };
      asked.push(state);
      const yes = chanceOf(state);
      const probabilities = { yes, no: Number((1 - yes).toFixed(1)) };
      const choice = yes >= 0.5 ? 'yes' : 'no';
      return { model: 'm-1', answers: { label: { type: 'choice', choice, probabilities } }, usage: {} };
    });
    const log = join(root, point.replaceAll(/\W/gu, '-'), 'log.jsonl');
    const killed = await runModule(ASKING, [server.url, log], { fault: `SIGKILL ${point}` }).ended;
    expect(killed.stdout).toBe('');
    const kept = logged(log);
    const before = asked.length;
    // What was under way when it was killed, at most.
    expect(before - kept.length).toBeLessThanOrEqual(CONCURRENCY);
    const { stdout, stderr } = await runModule(ASKING, [server.url, log]).ended;
    expect(stderr).toBe('');
    const { targets, report } = JSON.parse(stdout);
    expect(targets).toEqual(Array.from({ length: ROWS }, (_, i) => chanceOf(`text ${i}`).toFixed(6)));
    expect(asked.slice(before).filter((text) => kept.includes(text))).toEqual([]);
    expect(report).toMatchObject({ rows: ROWS, done: ROWS, fromLog: kept.length, requests: ROWS - kept.length });
    expect(asked.length - ROWS).toBeLessThanOrEqual(CONCURRENCY);
    expect(logged(log)).toHaveLength(ROWS);
  });
});
