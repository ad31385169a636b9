import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { audited } from '../../src/certificates/audit.js';
import { AcceptedKeys } from '../../src/server/accepted-keys.js';
import { type AuditState, TrafficLog } from '../../src/server/traffic-log.js';
import { temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();
const CERTIFICATE = { id: 'a', bounds: { kept: { risk: 0.1, delta: 0.05 }, all: { risk: 0.05, delta: 0.05 } } };

test('the state is a replay of the log, of this certificate alone, whatever a kill has torn', async () => {
  const folder = join(root, 'replayed');
  const options = { folder, days: 30, certificate: CERTIFICATE };
  const log = await TrafficLog.open(options);
  for (const [isKept, isWrong] of [
    [true, false],
    [true, true],
    [false, true],
    [true, false],
  ] as const)
    log.audited(isKept, isWrong);
  const { state } = log;
  await log.close();
  // What was deferred counts for all requests, and is not wrong.
  const kept = [false, true, false].reduce<AuditState['audits']['kept']>(
    (before, isWrong) => audited(CERTIFICATE.bounds.kept, before, isWrong),
    undefined,
  );
  expect(state.audits.kept).toEqual(kept);
  expect(state.audits.all).toMatchObject({ asked: 4, wrong: 1 });
  appendFileSync(join(folder, 'audit.jsonl'), '{"at":"2026-11-29T00:00:00Z","certif');
  const again = await TrafficLog.open(options);
  expect(again.state).toEqual(state);
  await again.close();
  const other = await TrafficLog.open({ ...options, certificate: { ...CERTIFICATE, id: 'b' } });
  expect(other.state).toEqual({ audits: {} });
  await other.close();
  writeFileSync(join(folder, 'audit.jsonl'), '{"at":1}\n');
  await expect(TrafficLog.open(options)).rejects.toThrow('audit.jsonl:1: wanted a line of an audit');
});

test('a day has a file, which is removed after the days of the log', async () => {
  const folder = join(root, 'days');
  let now = new Date('2026-11-01T12:00:00Z');
  const log = await TrafficLog.open({ folder, days: 2, now: () => now });
  const files = () => readdirSync(folder).filter((name) => name.startsWith('requests-'));
  log.add({ n: 1 }, { question: 'Q' });
  log.add({ n: 2 }, { question: 'Q' });
  now = new Date('2026-11-03T12:00:00Z');
  log.add({ n: 3 }, { question: 'Q' });
  expect(files()).toEqual(['requests-2026-11-01.jsonl', 'requests-2026-11-03.jsonl']);
  expect(readFileSync(join(folder, files()[0] as string), 'utf8')).toBe('{"n":1,"question":"Q"}\n{"n":2}\n');
  now = new Date('2026-11-04T12:00:00Z');
  log.add({ n: 4 }, { question: 'Q' });
  expect(files()).toEqual(['requests-2026-11-03.jsonl', 'requests-2026-11-04.jsonl']);
  await log.close();
});

test('a key is accepted for ten minutes after upstream took it, until upstream refuses it', () => {
  let now = 0;
  const keys = new AcceptedKeys(() => now);
  keys.heard('a', 500);
  keys.heard('b', 200);
  expect([keys.has('a'), keys.has('b'), keys.has('')]).toEqual([false, true, false]);
  now = 10 * 60 * 1000 - 1;
  expect(keys.has('b')).toBe(true);
  now += 1;
  expect(keys.has('b')).toBe(false);
  keys.heard('b', 200);
  keys.heard('b', 429);
  expect(keys.has('b')).toBe(true);
  keys.heard('b', 403);
  expect(keys.has('b')).toBe(false);
});
