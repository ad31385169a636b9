import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/table.js';
import { runCommandLine } from '../../src/cli/frame.js';
import { packRightRows } from '../../src/experiments/arm-result.js';
import { readExperimentRecord } from '../../src/experiments/experiment-record.js';
import { sealed } from '../../src/files/sealed-json.js';
import { reportHtml } from '../../src/report/html.js';
import { reportMarkdown } from '../../src/report/markdown.js';
import { workFolder } from './command-line.js';
import { memoryStream } from './memory-stream.js';

const root = workFolder();
const primer = join(root, 'primer');
const record = join(primer, 'experiment.json');

beforeAll(() => {
  mkdirSync(primer);
  const fixture = fileURLToPath(new URL('../report/primer-5-seeds.json', import.meta.url));
  copyFileSync(fixture, record);
  // Rows that would have these accuracies: those that only the better arm has right are the same on every seed.
  const { arms, seeds } = JSON.parse(readFileSync(fixture, 'utf8')) as {
    seeds: number[];
    arms: { name: string; accuracies: number[] }[];
  };
  const lines = arms.flatMap(({ name: arm, accuracies }) =>
    accuracies.map((accuracy, i) => ({
      ...{ type: 'run', arm, seed: seeds[i], seconds: 1, peakRssBytes: 1 },
      result: {
        ...{ score: accuracy / 100, parameters: 3190 },
        right: packRightRows(Array.from({ length: 10_000 }, (_, row) => row < 100 * accuracy)),
      },
    })),
  );
  writeFileSync(join(primer, 'results.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
});

async function run(...words: string[]) {
  const [stdout, stderr] = [memoryStream(), memoryStream()];
  const exitCode = await runCommandLine(words, COMMANDS, {
    stdin: new PassThrough(),
    ...{ stdout, stderr, environment: {} },
    interruption: () => new AbortController().signal,
  });
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

describe('retort report of an experiment that is not finished', () => {
  const folder = join(root, 'unfinished');
  const file = join(folder, 'results.jsonl');
  const results = (planned: readonly number[], ...scores: (readonly [arm: string, seed: number, score: number])[]) => {
    mkdirSync(folder, { recursive: true });
    const lines = [
      {
        format: 'retort-results',
        version: 3,
        retort: '0.2.0',
        planned,
        name: 'tweets',
        metric: 'accuracy',
        settings: {},
      },
      ...['hinton', 'no-teacher'].map((name) => ({ type: 'arm', arm: { name } })),
      ...scores.map(([arm, seed, score]) => ({
        ...{ type: 'run', arm, seed, seconds: 45, peakRssBytes: 1 },
        result: { score, parameters: 5 },
      })),
    ];
    writeFileSync(file, lines.map((line) => `${JSON.stringify(sealed(line))}\n`).join(''));
  };
  const runs = [
    ['hinton', 1, 0.8],
    ['no-teacher', 1, 0.7],
    ['hinton', 2, 0.9],
  ] as const;

  test('prints runs, means and what is left, and neither a verdict nor a page', async () => {
    results([1, 2, 3, 4], ...runs);
    const { exitCode, stdout, stderr } = await run('report', folder);
    expect([exitCode, stderr]).toEqual([0, '']);
    const said = stdout.replace(/\s+/g, ' ');
    expect(said).toContain('tweets is not finished: 3 runs of 2 arms took 2 min 15 s; 5 left of seeds 1–4.');
    // by hand: 80 and 90 have mean 85 and standard deviation 7.07; both arms share seed 1 alone
    expect(stdout).toMatch(/^hinton +1, 2 +3, 4 +85\.00 ± 7\.07 +80\.00$/m);
    expect(stdout).toMatch(/^no-teacher +1 +2–4 +70\.00 +70\.00$/m);
    expect(said).toContain('No verdict before all runs are finished.');
    expect(stdout).not.toMatch(/BETTER|CAN'T TELL/);
    expect(existsSync(join(folder, 'report.html'))).toBe(false);
    expect((await run('report', file)).stdout).toBe(stdout);
  });

  test('as Markdown and as JSON', async () => {
    results([1, 2, 3, 4], ...runs);
    expect((await run('report', folder, '--markdown')).stdout).toContain(
      '| `no-teacher` | 1 | 2–4 | 70.00 | 70.00 |\n',
    );
    expect(JSON.parse((await run('report', folder, '--json')).stdout)).toEqual({
      ...{ results: file, isFinished: false, verdict: null, paired: [1] },
      arms: [
        { arm: 'hinton', finished: [1, 2], left: [3, 4], scores: [80, 90], pairedMean: 80 },
        { arm: 'no-teacher', finished: [1], left: [2, 3, 4], scores: [70], pairedMean: 70 },
      ],
    });
  });

  test('says so where no run is finished, and refuses an empty file and a place for a page', async () => {
    results([]);
    const { stdout } = await run('report', folder);
    expect(stdout).toContain('tweets is not finished: 0 runs of 2 arms took 0.00 s; 0 left.');
    expect(stdout).toMatch(/^hinton +- +- +- +-$/m);
    const { exitCode, stderr } = await run('report', folder, '--output_file', join(root, 'no.html'));
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringContaining(`wanted an experiment that is finished, got ${file}`),
    ]);
    writeFileSync(file, '');
    expect((await run('report', folder)).stderr).toContain(
      'wanted the results of an experiment that has begun, got an empty file; start the experiment again',
    );
  });
});

describe('retort report', () => {
  const page = join(primer, 'report.html');

  test('writes the page beside the record, and replaces it only when it is told to', async () => {
    const { exitCode, stdout, stderr } = await run('report', primer);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`${(await readExperimentRecord(record)).headline?.text}\nreport ${page}\n`);
    expect(readFileSync(page, 'utf8')).toBe(reportHtml(await readExperimentRecord(record)));

    writeFileSync(page, 'mine');
    const refused = await run('report', primer);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(`${page}: wanted a new file, got one that is there; pass --overwrite`);
    expect(readFileSync(page, 'utf8')).toBe('mine');
    expect((await run('report', record, '--overwrite')).exitCode).toBe(0);
    expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>/);
  });

  test('writes elsewhere, and says as JSON where', async () => {
    const path = join(root, 'elsewhere.html');
    const { stdout } = await run('report', primer, '--output_file', path, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ record, report: path, bytes: readFileSync(path).length });
    expect(JSON.parse(stdout).verdict).toMatch(/^BETTER: /);
  });

  test('prints Markdown and writes no page', async () => {
    const folder = join(root, 'other');
    mkdirSync(folder);
    copyFileSync(record, join(folder, 'experiment.json'));
    const { stdout } = await run('report', folder, '--markdown');
    expect(stdout).toBe(reportMarkdown(await readExperimentRecord(join(folder, 'experiment.json'))));
    expect(existsSync(join(folder, 'report.html'))).toBe(false);
  });

  test('says what it cannot report on', async () => {
    expect((await run('report', join(root, 'none'))).stderr).toContain('none: wanted an existing file');
    const folder = join(root, 'single');
    mkdirSync(folder);
    writeFileSync(join(folder, 'metrics.json'), '{}');
    const { exitCode, stderr } = await run('report', folder);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('wanted an experiment, with arms to compare, got a single training run');
  });
});

describe('retort compare', () => {
  test('says the verdict in words, or as JSON', async () => {
    const { stdout } = await run('compare', `${primer}#retort`, `${primer}#retort-no-teacher`);
    expect(stdout).toContain('retort is better than retort-no-teacher.\n  BETTER: ');
    const { stdout: json } = await run('compare', `${primer}#retort-no-teacher`, `${primer}#retort`, '--json');
    expect(JSON.parse(json)).toMatchObject({ gains: [{ verdict: 'NO BETTER', worse: true, seeds: 5 }], notes: [] });
  });

  test('takes the smallest effect it is given', async () => {
    const { stdout } = await run(
      'compare',
      `${primer}#retort`,
      `${primer}#retort-no-teacher`,
      '--smallest_effect',
      '20',
    );
    expect(stdout).toContain('retort is better than retort-no-teacher, but by less than 20 points.');
  });
});

describe('retort doctor', () => {
  test('prints a line for each finding, with what to do', async () => {
    const { stdout } = await run('doctor', primer, join(root, 'none'), '--output_dir', root);
    expect(stdout).toContain(`ok       ${record}: the record of the experiment primer, 7 arms on 5 seeds\n`);
    expect(stdout).toContain(`problem  ${join(root, 'none')}: wanted an existing file, got nothing of that name\n`);
    expect(stdout).toContain('\n         → check the path\n');
  });

  test('gives 1 for a problem, and nothing for a warning', async () => {
    const outputOf = (path: string) => {
      const io = {
        ...{ stdin: new PassThrough(), columns: undefined, write: async () => {}, commandLine: '' },
        ...{ onEvent: () => {}, onDownload: () => {}, onLabelling: () => {}, say: () => {}, onNotice: () => {} },
        interruption: () => new AbortController().signal,
      };
      const doctor = COMMANDS.find(({ usage }) => usage.name === 'doctor');
      return doctor?.start({ flags: new Map([['outputDir', root]]), operands: [path] }).run(io);
    };
    const empty = join(root, 'empty');
    mkdirSync(empty);
    expect(await outputOf(join(root, 'none'))).toMatchObject({ exitCode: 1, json: { isHealthy: false } });
    expect(await outputOf(empty)).not.toHaveProperty('exitCode');
  });
});
