import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { InterruptedError, OptionError, OutputError } from '../../src/errors/failures.js';
import { type Arm, ArmError, type ArmRun } from '../../src/experiments/arm-run.js';
import {
  type ExperimentEvent,
  type ExperimentOptions,
  type ExperimentOutcome,
  runExperiment,
} from '../../src/experiments/experiment.js';
import { RESULTS_FORMAT } from '../../src/experiments/formats.js';
import { finishedRuns } from '../../src/experiments/results-file.js';
import { sealed } from '../../src/files/sealed-json.js';
import { RandomStream } from '../../src/tensor/random.js';
import { runModule, temporaryFolder } from '../files/processes.js';

// Shared with the script of the child processes, which is JavaScript.
const { fakeArms } = await import(new URL('fake-arms.mjs', import.meta.url).href);
const run: ArmRun = fakeArms({ OptionError, RandomStream });
const root = temporaryFolder();
const script = new URL('fake-worker.mjs', import.meta.url);

const base = {
  name: 'fake',
  arms: [{ name: 'kd' }, { name: 'no-teacher' }, { name: 'hard-labels' }] as readonly Arm[],
  seeds: [42, 43, 44],
  settings: { parameters: 55, data: { rows: 800 } },
  run,
};

/** All of an outcome but the time and memory that it took. */
function table(outcome: ExperimentOutcome): unknown {
  return outcome.arms.map(({ arm, scores, runs }) => ({
    arm,
    scores,
    runs: runs.map(({ arm: name, seed, result }) => ({ name, seed, result })),
  }));
}

/** Counts what is run, by arm and seed. */
function counted(): { run: ArmRun; ran: string[] } {
  const ran: string[] = [];
  return {
    ran,
    run: (arm, seed, context) => {
      ran.push(`${arm.name} ${seed}`);
      return run(arm, seed, context);
    },
  };
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => new Error('nothing was thrown'),
    (error: Error) => error,
  );
}

describe('runExperiment', () => {
  test('runs every arm on every seed, seed by seed, and gives them back arm by arm in percent', async () => {
    const { run: runCounted, ran } = counted();
    const outcome = await runExperiment({ ...base, run: runCounted });
    expect(ran).toEqual([42, 43, 44].flatMap((seed) => base.arms.map(({ name }) => `${name} ${seed}`)));
    expect(outcome.arms.map(({ arm }) => arm.name)).toEqual(['kd', 'no-teacher', 'hard-labels']);
    for (const { arm, scores, runs } of outcome.arms) {
      expect(runs.map(({ seed }) => seed)).toEqual([42, 43, 44]);
      // what fake-arms.mjs draws, drawn here once more
      const drawn = base.seeds.map((seed) => 100 * new RandomStream(seed, arm.name).uniform(0.6, 0.8));
      for (const [i, score] of scores.entries()) expect(score).toBeCloseTo(drawn[i]!, 9);
    }
    expect(outcome.arms[0]?.runs[0]?.result.parameters).toBe(55);
    expect(outcome.peakRssBytes).toBeGreaterThan(20e6);
    expect(outcome.peakRssBytes).toBeLessThan(20e9);
  });

  test('a mistake in arms, seeds or workers is found before anything runs', async () => {
    const { run: runCounted, ran } = counted();
    const bad = async (changes: Partial<ExperimentOptions<Arm>>) =>
      (await failure(runExperiment({ ...base, run: runCounted, ...changes }))).message;
    expect(await bad({ arms: [] })).toBe('fake: arms: wanted at least one, got none');
    expect(await bad({ arms: [{ name: 'kd' }, { name: 'kd' }] })).toContain('wanted different names, got kd twice');
    expect(await bad({ seeds: [] })).toContain('seeds: wanted at least one');
    expect(await bad({ seeds: [1, 2, 1] })).toContain('wanted different integers ≥ 0, got 1 twice');
    expect(await bad({ seeds: [1.5] })).toContain('got 1.5');
    expect(await bad({ seeds: [-1] })).toContain('got -1');
    expect(await bad({ parallel: { workers: 0, script } })).toContain('workers: wanted an integer ≥ 1, got 0');
    expect(ran).toEqual([]);
  });

  test('tells what happens, in order', async () => {
    const events: ExperimentEvent[] = [];
    await runExperiment({ ...base, arms: [{ name: 'kd' }], seeds: [1, 2], onEvent: (event) => events.push(event) });
    const one = ['run-start', 'progress', 'run-end'];
    expect(events.map(({ type }) => type)).toEqual(['start', ...one, ...one, 'end']);
    expect(events[0]).toEqual({ type: 'start', name: 'fake', runs: 2, finished: 0 });
    expect(events[2]).toEqual({ type: 'progress', arm: 'kd', seed: 1, fraction: 0.5 });
    expect(events[3]).toMatchObject({ type: 'run-end', arm: 'kd', seed: 1, runs: 2, finished: 1 });
    expect(events[3]).toHaveProperty('secondsLeft', expect.any(Number));
  });

  test('tells the gain of the first arm over the second once a seed has both', async () => {
    const gains: unknown[] = [];
    const onEvent = (event: ExperimentEvent) => event.type === 'run-end' && gains.push(event.gain?.seeds);
    await runExperiment({ ...base, arms: [{ name: 'kd' }, { name: 'plain' }], seeds: [1, 2], onEvent });
    expect(gains).toEqual([undefined, 1, 1, 2]);
  });
});

describe('a results file', () => {
  test('lets an experiment go on wherever its file was cut off, to the same table', async () => {
    const whole = join(root, 'whole.jsonl');
    const wanted = table(await runExperiment({ ...base, resultsFile: whole }));
    expect(wanted).toEqual(table(await runExperiment(base)));
    const bytes = readFileSync(whole);
    const cut = join(root, 'cut.jsonl');
    const lines = bytes.toString().split('\n').length - 1;
    expect(lines).toBe(1 + 3 + 9);
    // A prime, so that the cuts fall on all kinds of places.
    for (let length = 0; length <= bytes.length; length += 37) {
      writeFileSync(cut, bytes);
      truncateSync(cut, length);
      const kept = bytes.subarray(0, length).toString().split('\n').length - 1;
      const { run: runCounted, ran } = counted();
      const outcome = await runExperiment({ ...base, run: runCounted, resultsFile: cut, resume: true });
      expect(table(outcome)).toEqual(wanted);
      expect(ran).toHaveLength(9 - Math.max(0, kept - 4));
      const again = counted();
      expect(table(await runExperiment({ ...base, run: again.run, resultsFile: cut, resume: true }))).toEqual(wanted);
      expect(again.ran).toEqual([]);
    }
  });

  test('takes more seeds and more arms later, and runs only those', async () => {
    const resultsFile = join(root, 'more.jsonl');
    const [first, ...others] = base.arms as readonly [Arm, ...Arm[]];
    await runExperiment({ ...base, arms: [first], seeds: [42], resultsFile });
    const { run: runCounted, ran } = counted();
    const outcome = await runExperiment({
      ...base,
      run: runCounted,
      arms: [...others, first],
      resultsFile,
      resume: true,
    });
    expect(ran).toHaveLength(8);
    expect(ran).not.toContain('kd 42');
    expect(outcome.arms.map(({ arm }) => arm.name)).toEqual(['no-teacher', 'hard-labels', 'kd']);
  });

  test('is refused without resume, and stays as it was', async () => {
    const resultsFile = join(root, 'there.jsonl');
    await runExperiment({ ...base, resultsFile });
    const before = readFileSync(resultsFile, 'utf8');
    const error = await failure(runExperiment({ ...base, resultsFile }));
    expect(error).toBeInstanceOf(OutputError);
    expect(error.message).toBe(
      `${resultsFile}: wanted a new file for the results, got one that holds results; ` +
        'pass --resume to continue them, or choose another place',
    );
    expect(readFileSync(resultsFile, 'utf8')).toBe(before);
    expect(existsSync(`${resultsFile}.lock`)).toBe(false);
  });

  test.each<[string, Partial<ExperimentOptions<Arm>>]>([
    ['data.rows: wanted 800, as in', { settings: { parameters: 55, data: { rows: 801 } } }],
    ['settings.extra: wanted nothing, as in', { settings: { ...base.settings, extra: true } }],
    ['name: wanted "fake", as in', { name: 'other' }],
    ['arm kd.alpha: wanted nothing, as in', { arms: [{ name: 'kd', alpha: 0.5 }] }],
  ])('made otherwise is refused: %s', async (text, changes) => {
    const resultsFile = join(root, `other ${text.length}.jsonl`);
    await runExperiment({ ...base, seeds: [1], resultsFile });
    const before = readFileSync(resultsFile, 'utf8');
    const error = await failure(runExperiment({ ...base, ...changes, resultsFile, resume: true }));
    expect(error).toBeInstanceOf(OptionError);
    expect(error.message).toContain(text);
    expect(error.message).toContain(`as in the results of ${resultsFile}, got`);
    expect(readFileSync(resultsFile, 'utf8')).toBe(before);
  });

  test.each([
    [
      `{"format":"retort-results","version":${RESULTS_FORMAT.version + 1},"news":1}\n`,
      `: wanted format version ${RESULTS_FORMAT.version} or older, got version ${RESULTS_FORMAT.version + 1}; use a newer`,
    ],
    ['{"step":1}\n', ':1: format: wanted a file of results'],
    ['[]\n', ':1: wanted a file of results'],
  ])('that is none is refused: %s', async (content, text) => {
    const resultsFile = join(root, 'none.jsonl');
    writeFileSync(resultsFile, content);
    const error = await failure(runExperiment({ ...base, resultsFile, resume: true }));
    expect(error.message).toContain(`${resultsFile}${text}`);
  });

  test('of a version that did not write down all that decides the numbers is read, and not gone on with', async () => {
    const resultsFile = join(root, 'first version.jsonl');
    await runExperiment({ ...base, seeds: [1], resultsFile });
    const asThen = readFileSync(resultsFile, 'utf8')
      .replace(/"version":\d+,"retort":"[^"]*"/, '"version":1,"retort":"0.1.0"')
      .replaceAll(/,"sha256":"\w+"/g, '')
      .replace('"metric":"accuracy",', '')
      .replaceAll('"score":', '"accuracy":');
    writeFileSync(resultsFile, asThen);
    expect((await finishedRuns(resultsFile)).map(({ arm, seed }) => [arm, seed])).toEqual(
      base.arms.map(({ name }) => [name, 1]),
    );
    const error = await failure(runExperiment({ ...base, seeds: [1, 2], resultsFile, resume: true }));
    expect(error.message).toBe(
      `resuming ${resultsFile}: wanted a run started by retort 0.2.0 or later, which records all ` +
        'options, got one started by retort 0.1.0; finish it with retort 0.1.0, or start over with --overwrite or in another place',
    );
    expect(readFileSync(resultsFile, 'utf8')).toBe(asThen);
  });

  test('another metric, and an option that nobody thought of, are refused', async () => {
    const resultsFile = join(root, 'other metric.jsonl');
    const made = { ...base, seeds: [1], settings: { threads: 1 }, resultsFile, madeUp: 1 };
    await runExperiment(made);
    for (const [change, message] of [
      [{ metric: 'f1' as const }, 'metric: wanted "accuracy", as in the results of'],
      [{ madeUp: 2 }, 'madeUp: wanted 1, as in the results of'],
      [{ settings: { threads: 2 } }, 'got 2; give --threads 1: another number changes the rounding of sums'],
    ] as const) {
      const error = await failure(runExperiment({ ...made, ...change, resume: true }));
      expect(error.message).toContain(message);
    }
  });

  test('with an arm in other words is resumed', async () => {
    const resultsFile = join(root, 'other words.jsonl');
    const described = (description: string) => [{ name: 'kd', description }];
    await runExperiment({ ...base, arms: described("the teacher's first choice"), resultsFile });
    const { run: again, ran } = counted();
    const arms = described('the predicted class of the teacher');
    await runExperiment({ ...base, arms, run: again, resultsFile, resume: true });
    expect(ran).toEqual([]);
  });

  test('of another release that computes the same is gone on with; of other arithmetic it is not', async () => {
    const resultsFile = join(root, 'another release.jsonl');
    await runExperiment({ ...base, seeds: [1], resultsFile });
    const written = readFileSync(resultsFile, 'utf8');
    /** As the other release would have written it, with its own checksum. */
    const writeAs = (pattern: RegExp, value: string): void => {
      const [header = '', ...others] = written.split('\n');
      const { sha256: _, ...as } = JSON.parse(header.replace(pattern, value));
      writeFileSync(resultsFile, [JSON.stringify(sealed(as)), ...others].join('\n'));
    };
    writeAs(/"retort":"[^"]*"/, '"retort":"0.9.0"');
    await runExperiment({ ...base, seeds: [1], resultsFile, resume: true });
    writeAs(/"onnxruntime":"[^"]*"/, '"onnxruntime":"1.0.0"');
    const error = await failure(runExperiment({ ...base, seeds: [1], resultsFile, resume: true }));
    expect(error.message).toContain('numerics.onnxruntime: wanted "1.0.0", as in the results of');
  });

  test('with a damaged run or the same run twice is refused by line', async () => {
    const resultsFile = join(root, 'damaged.jsonl');
    await runExperiment({ ...base, resultsFile });
    const last = readFileSync(resultsFile, 'utf8').split('\n').at(-2);
    appendFileSync(resultsFile, `${last}\n`);
    const twice = await failure(runExperiment({ ...base, resultsFile, resume: true }));
    expect(twice.message).toContain(
      `${resultsFile}:14: wanted each run once, got arm hard-labels, seed 44 a second time`,
    );
    const damaged = join(root, 'damaged 2.jsonl');
    await runExperiment({ ...base, seeds: [1], resultsFile: damaged });
    const before = readFileSync(damaged, 'utf8');
    const edited = `${last?.replace(/"score":0/, '"score":7')}`;
    expect(edited).not.toBe(last);
    const again = async (line: string) => {
      writeFileSync(damaged, `${before}${line}\n`);
      return (await failure(runExperiment({ ...base, seeds: [1], resultsFile: damaged, resume: true }))).message;
    };
    expect(await again(edited)).toContain(`${damaged}:8: wanted the recorded values with their checksum`);
    const { sha256: _, ...changed } = JSON.parse(edited);
    expect(await again(JSON.stringify(changed))).toContain(`${damaged}:8: wanted the recorded values`);
    expect(await again(JSON.stringify(sealed(changed)))).toContain(
      `${damaged}:8: result.score: wanted a value written by retort`,
    );
  });

  test('of an experiment that another process runs is refused', async () => {
    const resultsFile = join(root, 'busy.jsonl');
    let message = '';
    const first = { ...base, arms: [{ name: 'kd' }], seeds: [1], resultsFile };
    await runExperiment({
      ...first,
      run: async (...args) => {
        message = (await failure(runExperiment({ ...first, resume: true }))).message;
        return run(...args);
      },
    });
    expect(message).toContain('in use by this process');
  });

  test('on a full disk ends the experiment with one error', async () => {
    // /dev/full takes no byte, and no lock can be put beside it.
    const error = await failure(runExperiment({ ...base, resultsFile: join(root, 'missing', 'file') }));
    expect(error).toBeInstanceOf(OutputError);
  });
});

describe('an experiment killed by SIGKILL', () => {
  const resultsFile = join(root, 'killed.jsonl');
  const source = (fatal: string) => `
    const { runExperiment } = await import('DIST/experiments/experiment.js');
    const { RandomStream } = await import('DIST/tensor/random.js');
    const { fakeArms } = await import('${new URL('fake-arms.mjs', import.meta.url).href}');
    const outcome = await runExperiment({
      ...${JSON.stringify({ ...base, run: undefined })},
      run: fakeArms({ RandomStream }),
      resultsFile: ${JSON.stringify(resultsFile)},
      resume: true,
      onEvent: ({ type, arm, seed, finished }) => {
        if (type === 'run-end') console.log('ended ' + finished);
        if (type + ' ' + arm + ' ' + seed === '${fatal}') process.kill(process.pid, 'SIGKILL');
      },
    });
    console.log('all ' + JSON.stringify(outcome.arms.map((arm) => arm.scores)));
  `;

  test('and started again, again and again, ends with the same table', async () => {
    const wanted = (await runExperiment(base)).arms.map(({ scores }) => scores);
    for (const fatal of ['run-end kd 42', 'progress no-teacher 43', 'run-start hard-labels 43', 'run-end kd 44']) {
      const { code, stderr } = await runModule(source(fatal)).ended;
      expect([code, stderr]).toEqual([null, '']);
    }
    const { stdout, stderr } = await runModule(source('none')).ended;
    expect(stderr).toBe('');
    expect(JSON.parse(stdout.slice(stdout.indexOf('all ') + 4))).toEqual(wanted);
    // Two were left by the last kill, right after the end of the seventh run.
    expect(stdout.match(/ended \d/g)).toEqual(['ended 8', 'ended 9']);
  });
});

describe('parallel arms', () => {
  const parallel = { workers: 3, script };
  // The first run ends when one has ended that was started after it.
  const flag = join(root, 'second has ended');
  const arms = base.arms.map((arm, i) => ({ ...arm, ...(i === 0 && { until: { 42: flag } }) }));

  test('give the same table as one after the other, whatever ends first', async () => {
    const ended: string[] = [];
    const resultsFile = join(root, 'parallel.jsonl');
    const outcome = await runExperiment({
      ...base,
      arms,
      parallel,
      resultsFile,
      run: () => Promise.reject(new Error('was run in the parent')),
      onEvent: (event) => {
        if (event.type !== 'run-end') return;
        ended.push(`${event.arm} ${event.seed}`);
        writeFileSync(flag, '');
      },
    });
    expect(table(outcome)).toEqual(table(await runExperiment({ ...base, arms })));
    expect(ended).toHaveLength(9);
    expect(ended[0]).not.toBe('kd 42');
    const { run: runCounted, ran } = counted();
    await runExperiment({ ...base, arms, run: runCounted, resultsFile, resume: true });
    expect(ran).toEqual([]);
  });

  test('one worker runs in this process', async () => {
    const { run: runCounted, ran } = counted();
    await runExperiment({ ...base, run: runCounted, parallel: { workers: 1, script } });
    expect(ran).toHaveLength(9);
  });

  test.each([
    ['option', 'arm no-teacher, seed 42: alpha: wanted under 1, got 2; lower it'],
    ['nan', 'arm no-teacher, seed 42: score: wanted a number from -1 to 1, got NaN'],
    ['exit', 'arm no-teacher, seed 42: worker process: wanted a result, got exit code 7'],
    [
      'kill',
      'arm no-teacher, seed 42: worker process: wanted a result, got the signal SIGKILL; the system may have run out',
    ],
  ])('a failure in a child (%s) names arm and seed, and keeps the runs beside it', async (trouble, text) => {
    const resultsFile = join(root, `failed ${trouble}.jsonl`);
    const failing = [
      { name: 'kd', delayMs: 200 },
      { name: 'no-teacher', at: { 42: trouble } },
    ];
    const error = await failure(runExperiment({ ...base, arms: failing, seeds: [43, 42], parallel, resultsFile }));
    expect(error).toBeInstanceOf(ArmError);
    expect(error.message).toContain(text);
    const { run: runCounted, ran } = counted();
    const healthy = runExperiment({ ...base, arms: failing, seeds: [43], run: runCounted, resultsFile, resume: true });
    await healthy;
    expect(ran).toEqual([]);
  });

  test('an exit code of wrong use survives the way from a child', async () => {
    const failing = [{ name: 'kd', at: { 42: 'option' } }, { name: 'no-teacher' }];
    const error = await failure(runExperiment({ ...base, arms: failing, parallel }));
    expect((error as ArmError).exitCode).toBe(2);
  });

  test('a defect in a child stays a defect, with its stack', async () => {
    const failing = [{ name: 'kd', at: { 42: 'defect' } }, { name: 'no-teacher' }];
    const error = await failure(runExperiment({ ...base, arms: failing, parallel }));
    expect(error).not.toBeInstanceOf(ArmError);
    expect(error.message).toMatch(/TypeError: undefined is not a function\n.*fake-arms\.mjs/);
  });
});

describe('the child processes', () => {
  const workers = { workers: 2, script };

  /** Waits until the processes named in a folder have ended, and gives their number. */
  async function ended(pids: string): Promise<number> {
    const names = readdirSync(pids);
    const lives = () => names.filter((name) => isAlive(Number(name)));
    while (lives().length > 0) await pause(50);
    return names.length;
  }

  function isAlive(pid: number): boolean {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  }

  const source = (options: object) => `
    const { runExperiment } = await import('DIST/experiments/experiment.js');
    const outcome = await runExperiment({
      ...${JSON.stringify({ ...base, ...options })},
      run: () => {},
      parallel: { workers: 2, script: new URL('${script.href}') },
      onEvent: ({ type, seed }) => type === 'progress' && console.log(type + ' ' + seed),
    });
    console.log(JSON.stringify(outcome.arms.map((arm) => arm.scores.length)));
  `;

  test('end with their work, with the signal and with a parent that is killed', async () => {
    const pids = mkdtempSync(join(root, 'pids-'));
    const settings = { ...base.settings, pids };
    await runExperiment({ ...base, settings, parallel: workers });
    // A process that came late may have found nothing to do.
    const atFirst = await ended(pids);
    expect(atFirst).toBeGreaterThan(0);

    const arms = base.arms.map((arm) => ({ ...arm, at: { 43: 'hang' } }));
    const interruption = new AbortController();
    const onEvent = ({ type, ...event }: ExperimentEvent) => {
      if (type === 'progress' && 'seed' in event && event.seed === 43) interruption.abort();
    };
    const { signal } = interruption;
    await failure(runExperiment({ ...base, arms, settings, parallel: workers, signal, onEvent }));
    const afterSignal = await ended(pids);
    expect(afterSignal).toBeGreaterThan(atFirst);

    const parent = runModule(source({ arms, settings }));
    await parent.saying('progress 43');
    parent.kill();
    await parent.ended;
    expect(await ended(pids)).toBeGreaterThan(afterSignal);
  });

  test('leave stdout to the parent', async () => {
    const arms = [{ name: 'kd', at: { 42: 'print' } }, { name: 'no-teacher' }];
    const { stdout, stderr } = await runModule(source({ arms, seeds: [42] })).ended;
    expect(stdout).toBe('progress 42\nprogress 42\n[1,1]\n');
    expect(stderr).toBe('printed by an arm\n');
  });

  test("outlive a terminal's Ctrl-C, which is the parent's to decide about", async () => {
    const pids = mkdtempSync(join(root, 'pids-'));
    const arms = base.arms.map((arm) => ({ ...arm, delayMs: 300 }));
    const settings = { ...base.settings, pids };
    const onEvent = ({ type }: ExperimentEvent) => {
      if (type === 'progress') for (const name of readdirSync(pids)) process.kill(Number(name), 'SIGINT');
    };
    const outcome = await runExperiment({ ...base, seeds: [43], arms, settings, parallel: workers, onEvent });
    expect(outcome.arms.map(({ scores }) => scores.length)).toEqual([1, 1, 1]);
  });
});

describe('an interruption', () => {
  test.each([
    ['in this process', undefined],
    ['in children', { workers: 2, script }],
  ])('keeps the finished runs and ends at once (%s)', async (_where, parallel) => {
    const resultsFile = join(root, `interrupted ${parallel?.workers}.jsonl`);
    const interruption = new AbortController();
    const arms: Arm[] = [{ name: 'kd' }, { name: 'no-teacher', at: { 43: parallel ? 'hang' : '' } }];
    const ended: string[] = [];
    const options = { ...base, arms, resultsFile, ...(parallel && { parallel }), signal: interruption.signal };
    const onEvent = (event: ExperimentEvent) => {
      if (event.type === 'run-end') ended.push(`${event.arm} ${event.seed}`);
      if (event.type === 'progress' && event.arm === 'no-teacher' && event.seed === 43) interruption.abort();
    };
    const error = await failure(runExperiment({ ...options, onEvent }));
    expect(error).toBeInstanceOf(InterruptedError);
    expect(error.message).toBe(
      `fake: wanted all 6 runs, got an interruption after ${ended.length}; ` +
        `they are in ${resultsFile}: run the same command with --resume to continue`,
    );
    const ran: string[] = [];
    const quick: ArmRun = async (arm, seed) => {
      ran.push(`${arm.name} ${seed}`);
      return { score: 0.5, parameters: 1 };
    };
    await runExperiment({ ...base, arms, resultsFile, resume: true, run: quick });
    expect([...ended, ...ran].sort()).toEqual(base.seeds.flatMap((s) => arms.map(({ name }) => `${name} ${s}`)).sort());
    expect(ended.length).toBeGreaterThan(0);
  });

  test('before the first run runs nothing', async () => {
    const { run: runCounted, ran } = counted();
    const error = await failure(runExperiment({ ...base, run: runCounted, signal: AbortSignal.abort() }));
    expect(error).toBeInstanceOf(InterruptedError);
    expect(error.message).toContain('nothing was saved: start again');
    expect(ran).toEqual([]);
    // "they are in …" was said of runs of which there were none.
    const resultsFile = join(root, 'before the first.jsonl');
    const kept = await failure(runExperiment({ ...base, resultsFile, signal: AbortSignal.abort() }));
    expect(kept.message).toBe(
      'fake: wanted all 9 runs, got an interruption after 0; run the same command with --resume to continue',
    );
  });
});

describe('a failure in this process', () => {
  test('names arm and seed and keeps its cause', async () => {
    const arms = [{ name: 'kd', at: { 43: 'option' } }];
    const error = await failure(runExperiment({ ...base, arms }));
    expect(error).toBeInstanceOf(ArmError);
    expect(error.message).toBe('arm kd, seed 43: alpha: wanted under 1, got 2; lower it');
    expect((error.cause as Error).name).toBe('OptionError');
  });
});

test('a run that went on after an interruption took what its training took in all', async () => {
  const earlier = 1e6;
  const outcome = await runExperiment({
    ...base,
    seeds: [42],
    run: async (arm, seed, context) => ({
      ...(await run(arm, seed, context)),
      ...(arm.name === 'kd' && { seconds: earlier }),
    }),
  });
  const [kd, alone] = outcome.arms.map(({ runs }) => runs[0]);
  expect(kd?.seconds).toBe(earlier);
  expect(kd?.result).not.toHaveProperty('seconds');
  expect(alone?.seconds).toBeLessThan(earlier);
});
