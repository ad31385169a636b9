/**
 * @file A student behind `retort serve`, asked by Python's clients, and before a real upstream: Sparrow, whose every requirement
 * of System One the proxy has to keep.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { load } from '../../../dist/entries/inference.js';
import { CRITERIA, INSTRUCTIONS, TEXTS, writeLabels } from '../served/question.js';

const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const clients = fileURLToPath(new URL('served_clients.py', import.meta.url));
const MUSTS = 32;

/**
 * @param bin the folder of the Python commands
 * @param folder for what is written
 * @param upstream where Sparrow is, with /v1
 * @param started gets the processes, to be ended whatever happens
 */
export async function checkServed({ bin, folder, upstream, started, say }) {
  mkdirSync(folder);
  const run = (command, words, input) => {
    const done = spawnSync(command, words, { cwd: folder, encoding: 'utf8', input });
    assert.equal(done.status, 0, done.stdout + done.stderr);
    return done.stdout;
  };
  const retort = (...words) => run(process.execPath, [main, ...words]);
  const serve = async (...flags) => {
    const child = spawn(process.execPath, [main, 'serve', 'student', '--port', '0', '--quiet', ...flags], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    started.add(child);
    const url = await new Promise((done) => child.stdout.once('data', (chunk) => done(String(chunk).trim())));
    return { url, end: () => child.kill('SIGKILL') };
  };

  writeLabels(join(folder, 'labels.jsonl'));
  const words = ['--teacher', 'labels.jsonl', '--model', 'ngram', '--quick', '--json', '--output_dir', 'out'];
  const { ship } = JSON.parse(retort('distill', 'labels.jsonl', ...words));
  retort('export', ship.path, '--output_dir', 'student', '--quiet');
  const student = await load(join(folder, 'student'));
  const labels = (await student.predict(TEXTS)).map(({ label }) => label);
  await student.release();

  const alone = await serve();
  const asked = { instructions: INSTRUCTIONS, criteria: CRITERIA, texts: TEXTS, labels };
  say(run(join(bin, 'python'), [clients, alone.url], JSON.stringify(asked)).trim());
  alone.end();

  const proxy = await serve('--upstream', upstream, '--log_texts', '--log_dir', 'log');
  const report = join(folder, 'report.json');
  writeFileSync(report, '');
  const said = run(join(bin, 'jevcompat'), ['test', proxy.url, '--key', 'x', '--json', report]);
  assert.match(said, new RegExp(`MUST ${MUSTS}/${MUSTS}`, 'u'));
  proxy.end();
  say(/conformant to spec.*/u.exec(said)?.[0] ?? said);
}
