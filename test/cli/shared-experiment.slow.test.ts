/** @file An experiment that several processes share gives what one gives, whoever is killed where. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { sealed } from '../../src/files/sealed-json.js';
import { faultAt } from '../files/processes.js';
import { retort, retortUntil, wordsOf, workFolder } from './command-line.js';
import { leftByExperiment, writeInputs } from './killed-commands.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const root = workFolder();
/** Two arms of two kinds on three seeds. */
const DISTIL =
  'distill reviews.csv --text review --label stars --dev dev.csv --test test.csv --teacher teacher --model ngram ' +
  '--solver steps --epochs 2 --threads 1 --seeds 3 --controls no-teacher,linear --quiet --output_dir';

beforeAll(async () => {
  await writeInputs(root);
  const whole = retort(`${DISTIL} whole`, root);
  if (whole.code !== 0) throw new Error(whole.stderr);
});

/** What is the same however many processes there were. */
function leftBy(folder: string): unknown {
  return leftByExperiment(join(root, folder), (name) => !/^(work|shard-.*)$/.test(name));
}

const record = (folder: string) => JSON.parse(readFileSync(join(root, folder, 'experiment.json'), 'utf8'));

function expectSame(folder: string): void {
  expect(leftBy(folder)).toEqual(leftBy('whole'));
}

/** One more process. */
function started(line: string, point?: string): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...wordsOf(line)], {
    cwd: root,
    env: { PATH: process.env.PATH, HF_HUB_OFFLINE: '1', ...(point !== undefined && faultAt(point)) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((done) => child.on('close', (code) => done({ code, stderr })));
}

describe('retort distill --workers', () => {
  test('three processes give the bytes of one, and the record says who did which run', () => {
    const { code, stderr } = retort(`${DISTIL} three --workers 3`, root);
    expect(code, stderr).toBe(0);
    expectSame('three');
    const { machines, environment } = record('three');
    const runs = machines.flatMap((machine: { runs: readonly string[] }) => machine.runs);
    expect(runs.sort()).toEqual(readdirSync(join(root, 'three', 'runs')).sort());
    expect(machines[0]).toMatchObject({ threads: 1, node: environment.node, retort: environment.retort });
    expect(record('whole').machines).toBeUndefined();
  });

  test('--verify computes finished runs again; one of which the result was replaced is named', () => {
    const { stdout, stderr } = retort('worker three --verify 100 --quiet', root);
    expect(stdout, stderr).toMatch(/^9 of 9 finished runs computed again, with the same bytes: /);
    expect(retort('worker three --verify 1 --quiet', root).stdout).toMatch(/^1 of 9 finished runs .*: [a-z]+-\d\n$/);
    cpSync(join(root, 'three'), join(root, 'other'), { recursive: true });
    const path = join(root, 'other', 'work', 'hinton-2.1.done');
    const { sha256: _seal, ...value } = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify(sealed({ ...value, result: { ...value.result, score: 0.123 } })));
    const other = retort('worker other --verify 100 --quiet', root);
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('hinton-2 of ')]);
    expect(other.stderr).toMatch(/wanted the same score as when it was done, got 0\.123 then, 0\.\d+ now/);
    expect(retort('worker other --verify 101', root).code).toBe(2);
  });

  test('workers that start first wait for the experiment, and share it with who leads', async () => {
    const waiting = [started('worker joined --wait 30 --quiet'), started('worker joined --wait 30 --quiet')];
    const lead = await started(`${DISTIL} joined --workers 1`);
    expect(lead.code, lead.stderr).toBe(0);
    for (const { code, stderr } of await Promise.all(waiting)) expect(code, stderr).toBe(0);
    expectSame('joined');
  });

  test.each(['SIGKILL during write log.jsonl 2', 'SIGKILL before rename .done 1', 'SIGKILL after write .lease 2'])(
    'who leads continues the run of a worker that dies beside it: %s',
    async (point) => {
      const folder = `beside-${point.replaceAll(/\W+/g, '-')}`;
      const dying = started(`worker ${folder} --wait 30 --quiet`, point);
      const lead = await started(`${DISTIL} ${folder} --workers 1`);
      expect(lead.code, lead.stderr).toBe(0);
      // Where it had no run before the last was done, it ended in peace.
      expect([null, 0]).toContain((await dying).code);
      expectSame(folder);
    },
  );

  test.each([
    'SIGKILL after rename plan.json 1',
    'SIGKILL after rename .answers 1',
    'SIGKILL during write log.jsonl 3',
    'SIGKILL before rename last.ckpt 1',
    'SIGKILL before rename .done 2',
    'SIGKILL after rename .done 2',
    'SIGKILL during write results.jsonl 5',
    'SIGKILL before rename experiment.json 1',
    'SIGINT after rename .done 1',
  ])('killed with all its workers: %s; resumed without a word of workers, it gives the same', (point) => {
    const folder = `killed-${point.replaceAll(/\W+/g, '-')}`;
    const killed = retortUntil(point, `${DISTIL} ${folder} --workers 2`, root);
    expect(killed.code, killed.stderr).toBe(point.startsWith('SIGINT') ? 130 : null);
    const resumed = retort(`${DISTIL} ${folder} --resume`, root);
    expect(resumed.code, resumed.stderr).toBe(0);
    expectSame(folder);
    expect(record(folder).machines).toBeDefined();
  });

  test('workers are killed one after the other at other points, before anybody leads: the rest is done by the last', () => {
    const planned = retortUntil('SIGKILL after rename plan.json 1', `${DISTIL} orphan --workers 1`, root);
    expect(planned.code, planned.stderr).toBeNull();
    for (const point of [
      'SIGKILL before open .lease 1',
      'SIGKILL after write .lease 1',
      'SIGKILL before rename .answers 1',
      'SIGKILL after rename last.ckpt 1',
      'SIGKILL before rename .done 1',
      'SIGKILL before rm .lease 2',
      'ENOSPC before rename .done 1',
    ]) {
      const { code, stderr } = retortUntil(point, 'worker orphan --quiet', root);
      expect(code, `${point}: ${stderr}`).toBe(point.startsWith('ENOSPC') ? 1 : null);
      if (point.startsWith('ENOSPC')) expect(stderr).toMatch(/wanted free space on the disk, got a full disk/);
    }
    const last = retort('worker orphan --quiet', root);
    expect(last.code, last.stderr).toBe(0);
    expect(retort('status orphan', root).stdout).toContain('9 of 9 runs done, 0 under way, 0 open');
    const lead = retort(`${DISTIL} orphan --resume`, root);
    expect(lead.code, lead.stderr).toBe(0);
    expectSame('orphan');
  });

  test('a result that was changed, or came twice and differs, reaches no verdict', () => {
    const planned = retortUntil('SIGKILL after rename plan.json 1', `${DISTIL} forged --workers 1`, root);
    expect(planned.code, planned.stderr).toBeNull();
    expect(retort('worker forged --quiet', root).code).toBe(0);
    const path = join(root, 'forged', 'work', 'hinton-1.1.done');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/"score":[\d.]+/, '"score":1'));
    const changed = retort(`${DISTIL} forged --resume`, root);
    expect([changed.code, changed.stderr]).toEqual([1, expect.stringContaining('got changed values')]);
    writeFileSync(path, text);
    cpSync(join(root, 'forged', 'work', 'linear-1.1.done'), join(root, 'forged', 'work', 'hinton-1.2.done'));
    const doubled = retort(`${DISTIL} forged --resume`, root);
    expect([doubled.code, doubled.stderr]).toEqual([1, expect.stringContaining('got that of another unit or lease')]);
    expect(existsSync(join(root, 'forged', 'experiment.json'))).toBe(false);
  });

  test('--cancel ends workers, --resume continues, and --overwrite starts over', () => {
    const planned = retortUntil('SIGKILL after rename plan.json 1', `${DISTIL} cancelled --workers 1`, root);
    expect(planned.code, planned.stderr).toBeNull();
    expect(retort('status cancelled --cancel', root).stdout).toMatch(/^cancelled: nobody takes a run/m);
    const worker = retort('worker cancelled --quiet', root);
    expect([worker.code, worker.stderr]).toEqual([130, expect.stringContaining('got that it was cancelled')]);
    expect(retort(`${DISTIL} cancelled --resume`, root).code).toBe(0);
    expectSame('cancelled');
    const over = retort(`${DISTIL} cancelled --overwrite --workers 2`, root);
    expect(over.code, over.stderr).toBe(0);
    expectSame('cancelled');
  });

  test('results of a shared experiment are not taken for those of one that took its place', () => {
    cpSync(join(root, 'three'), join(root, 'replaced'), { recursive: true });
    const other = `${DISTIL} replaced`.replace('--epochs 2', '--epochs 3');
    const killed = retortUntil('SIGKILL before rename experiment.json 1', `${other} --overwrite`, root);
    expect(killed.code, killed.stderr).toBeNull();
    expect(existsSync(join(root, 'replaced', 'work'))).toBe(false);
    const wrong = retort(`${DISTIL} replaced --resume`, root);
    expect(wrong.code, wrong.stderr).toBe(2);
    expect(retort(`${other} --resume`, root)).toMatchObject({ code: 0 });
    cpSync(join(root, 'three', 'work'), join(root, 'replaced', 'work'), { recursive: true });
    const mixed = retort(`${other} --resume`, root);
    expect([mixed.code, mixed.stderr]).toEqual([2, expect.stringContaining('as it was planned')]);
  });

  test('a worker of another thread count is refused, and one that reads other rows', () => {
    const planned = retortUntil('SIGKILL after rename plan.json 1', `${DISTIL} strict --workers 1`, root);
    expect(planned.code, planned.stderr).toBeNull();
    const threads = retort('worker strict --threads 2 --quiet', root);
    expect([threads.code, threads.stderr]).toEqual([2, expect.stringContaining('wanted 1, as planned, got 2')]);
    const rows = readFileSync(join(root, 'reviews.csv'), 'utf8');
    try {
      writeFileSync(join(root, 'reviews.csv'), rows.replace('one', 'five'));
      const other = retort('worker strict --quiet', root);
      expect(other.code).toBe(2);
      expect(other.stderr).toMatch(/strict: train\.\w+: wanted .*, as it was planned, got /);
    } finally {
      writeFileSync(join(root, 'reviews.csv'), rows);
    }
  });

  test('a teacher behind an endpoint is refused, with what to do', () => {
    const line = `${DISTIL} asked`.replace('--teacher teacher', '--teacher http://127.0.0.1:1/v1 --teacher_model m');
    const { code, stderr } = retort(`${line} --workers 2`, root);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /wanted a teacher whose outputs every worker can compute or read, got an endpoint.*retort ask/,
    );
    expect(existsSync(join(root, 'asked'))).toBe(false);
  });
});

describe('retort distill --shard and retort merge', () => {
  test('shards make the experiment of one process; one that was killed continues; what is missing is named', () => {
    const shard = (index: number, more = '') => `${DISTIL} shards --shard ${index}/3${more}`;
    expect(retort(shard(0), root)).toMatchObject({ code: 0 });
    const killed = retortUntil('SIGKILL before rename .done 2', shard(1), root);
    expect(killed.code, killed.stderr).toBeNull();
    expect(retort('merge shards --quiet', root).stderr).toMatch(
      /wanted a result of every run .*, got none of 2\/3; run --shard 2\/3/,
    );
    expect(retort(shard(2), root)).toMatchObject({ code: 0 });
    expect(retort('merge shards --quiet', root).stderr).toMatch(
      /got runs without a result in 1\/3; run --shard 1\/3 again/,
    );
    expect(existsSync(join(root, 'shards', 'experiment.json'))).toBe(false);
    const resumed = retort(shard(1, ' --resume'), root);
    expect(resumed.code, resumed.stderr).toBe(0);
    const merged = retort('merge shards --quiet', root);
    expect(merged.code, merged.stderr).toBe(0);
    expectSame('shards');
    expect(record('shards').command).toMatch(/^retort distill .*--shard 0\/3$/);
  });

  test('a copy of the folders elsewhere merges as well; a damaged model or result does not', () => {
    for (const name of ['copy', 'damaged', 'mixed'])
      cpSync(join(root, 'shards'), join(root, name), { recursive: true });
    for (const name of ['copy', 'damaged', 'mixed']) {
      for (const file of ['experiment.json', 'results.jsonl', 'runs']) {
        rmSync(join(root, name, file), { recursive: true });
      }
    }
    expect(retort('merge copy --quiet', root)).toMatchObject({ code: 0 });
    expectSame('copy');
    const model = join(root, 'damaged', 'shard-0-of-3', 'runs', 'hinton-1', 'last.ckpt', 'model.safetensors');
    const bytes = readFileSync(model);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    writeFileSync(model, bytes);
    expect(retort('merge damaged --quiet', root).stderr).toMatch(
      /shard-0-of-3\/runs\/hinton-1\/last\.ckpt: wanted .*SHA-256 differs/,
    );
    cpSync(join(root, 'mixed', 'shard-0-of-3'), join(root, 'mixed', 'shard-0-of-2'), { recursive: true });
    expect(retort('merge mixed --quiet', root).stderr).toContain('got shards of 2 and of 3');
    for (const name of ['damaged', 'mixed']) expect(existsSync(join(root, name, 'experiment.json'))).toBe(false);
  });
});
