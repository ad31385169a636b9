import { describe, expect, test } from 'vitest';
import type { CommandIo } from '../../src/cli/command.js';
import { FileError, InterruptedError } from '../../src/errors/failures.js';
import { keepSecret } from '../../src/errors/secrets.js';
import { capturedRun, USAGES } from './captured-run.js';

const ESCAPE = '\u001b';

describe('retort --help', () => {
  test.each([[[]], [['--help']], [['-h']], [['help']], [['—help']]])(
    '%j lists every command with its summary',
    async (words) => {
      const { exitCode, stdout, stderr } = await capturedRun(words);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      for (const { name, summary } of USAGES) {
        expect(stdout).toContain(`  ${name} `);
        expect(stdout.replace(/\s+/g, ' ')).toContain(summary);
      }
      expect(stdout).toContain('retort primer --quick');
    },
  );

  test.each(USAGES.map((usage) => [usage.name, usage] as const))(
    '%s: names each flag, its default, an example',
    async (name, usage) => {
      const { exitCode, stdout, stderr } = await capturedRun([name, '--help']);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      const flat = stdout.replace(/\s+/g, ' ');
      for (const spec of Object.values(usage.options)) expect(flat).toContain(spec.help);
      for (const { line } of usage.examples) expect(flat.replaceAll('\\ ', '')).toContain(line);
      expect(stdout).toMatch(/^Examples:$/m);
    },
  );

  test('defaults and flags are those of the article', async () => {
    const { stdout } = await capturedRun(['help', 'mnist_with_kd']);
    const flat = stdout.replace(/\s+/g, ' ');
    expect(flat).toContain('--learning_rate <number> learning rate of Adam [default: 0.005]');
    expect(flat).toMatch(/--teacher_model <folder> [^[]*\[required\]/);
  });

  test.each([40, 60, 80, 120])('%i columns hold every line but what is to be copied', async (columns) => {
    for (const { name } of USAGES) {
      const { stdout } = await capturedRun([name, '--help'], {
        stdoutColumns: columns,
        environment: { NO_COLOR: '1' },
      });
      const tooLong = stdout
        .split('\n')
        .filter((line) => line.length > columns && !/^(Usage:| +(retort|--))/.test(line));
      expect(tooLong).toEqual([]);
    }
  });

  test('colours are for terminals without NO_COLOR', async () => {
    const coloured = async (stdoutColumns: number | undefined, environment: Record<string, string>) =>
      (await capturedRun(['--help'], { ...(stdoutColumns && { stdoutColumns }), environment })).stdout.includes(ESCAPE);
    expect(await coloured(80, {})).toBe(true);
    expect(await coloured(80, { NO_COLOR: '1' })).toBe(false);
    expect(await coloured(80, { TERM: 'dumb' })).toBe(false);
    expect(await coloured(undefined, {})).toBe(false);
  });
});

describe('retort --version', () => {
  test.each(['--version', '-V', '—version'])('%s prints the version of the package', async (word) => {
    const { exitCode, stdout } = await capturedRun([word]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('wrong use', () => {
  test.each([
    [
      ['mnits'],
      "retort: wanted one of the commands mnist, mnist-with-kd, evaluate, predict, primer, train, got 'mnits'; " +
        'did you mean retort mnist?',
    ],
    [['mnist_with_dk'], /got 'mnist_with_dk'; did you mean retort mnist-with-kd\?$/],
    [['xylophone'], /got 'xylophone'; see retort --help$/],
    [['help', 'predictt'], /got 'predictt'; did you mean retort predict\?$/],
    [
      ['--json', 'primer'],
      "retort: wanted the command first, got '--json'; write it after the command, as in retort mnist --json",
    ],
    [['mnist', 'extra'], "retort mnist: wanted only flags and their values, got 'extra'; see retort mnist --help"],
    [['mnist', '--save_last', 'true'], /wanted only flags and their values, got 'true'/],
    [['mnist', '--fc1-size', 'x'], "--fc1_size: wanted an integer from 1 to 65536, got 'x'"],
    [['predict'], 'retort predict: wanted a model, got nothing; see retort predict --help'],
  ])('%j ends with exit code 2 and one message', async (words, message) => {
    const run = await capturedRun(words);
    expect(run.exitCode).toBe(2);
    expect(run.call).toBeUndefined();
    const [line = '', ...rest] = run.stderr.split('\n');
    expect(rest).toEqual(['']);
    expect(line.replace(/^error: /, '')).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    );
    if (!words.includes('--json')) expect(run.stdout).toBe('');
  });
});

describe('a command that runs', () => {
  test('a flag given twice with one value has that value; with two it is wrong use, and nothing runs', async () => {
    const same = await capturedRun(['mnist', '--seed', '2', '--fc1_size', '4', '--seed=2']);
    expect(same.call?.options).toMatchObject({ seed: 2, fc1Size: 4 });
    const run = await capturedRun(['mnist', '--seed', '1', '--fc1_size', '4', '--seed=2']);
    expect(run.call).toBeUndefined();
    expect(run).toMatchObject({
      exitCode: 2,
      stderr: "error: --seed: wanted one value, got '1' and '2'; write the flag once\n",
    });
  });

  test('snake_case and kebab-case name the same command and flags', async () => {
    const flags = ['--teacher-model', 't', '--temperature_for-kd', '3'];
    const snake = await capturedRun(['mnist_with_kd', ...flags]);
    expect(snake.call).toEqual((await capturedRun(['mnist-with-kd', ...flags])).call);
    expect(snake.call?.options).toMatchObject({ teacherModel: 't', temperatureForKd: 3 });
  });

  test('text goes to stdout, or one JSON object with --json', async () => {
    expect((await capturedRun(['mnist'])).stdout).toBe('ran mnist\n');
    expect((await capturedRun(['mnist', '--json'])).stdout).toBe('{"ran":"mnist"}\n');
  });

  test('notices and progress go to stderr, and --quiet silences them', async () => {
    const body = (io: { onNotice: (text: string) => void }) => {
      io.onNotice('test data');
      return Promise.resolve({ json: null, text: 'done' });
    };
    const loud = await capturedRun(['mnist', '—seed', '1'], { body });
    expect(loud.stderr.split('\n')).toEqual([expect.stringMatching(/^note: typographic/), 'note: test data', '']);
    const quiet = await capturedRun(['mnist', '—seed', '1', '—quiet', '--num_workers', '2'], { body });
    expect(quiet).toMatchObject({ stderr: '', stdout: 'done\n' });
  });

  // A hub model that student and teacher both began with was once said twice to have no checksums.
  test('the same notice is given once', async () => {
    const body = (io: { onNotice: (text: string) => void }) => {
      for (const text of ['no checksums', 'test data', 'no checksums']) io.onNotice(text);
      return Promise.resolve({ json: null, text: 'done' });
    };
    expect((await capturedRun(['mnist'], { body })).stderr).toBe('note: no checksums\nnote: test data\n');
  });

  test.each([
    [new FileError({ where: 'a.idx', wanted: '16 bytes', got: '3' }), 1, 'error: a.idx: wanted 16 bytes, got 3\n'],
    [
      new InterruptedError({ where: 'mnist', wanted: 'to finish', got: 'Ctrl-C', fix: 'add --resume' }),
      130,
      'error: mnist: wanted to finish, got Ctrl-C; add --resume\n',
    ],
    [
      new TypeError('x is not a function\nat y'),
      1,
      'error: x is not a function (this is a bug in retort; with RETORT_DEBUG=1 the stack is printed, please send it to us)\n',
    ],
  ])('%s becomes one line and an exit code', async (error, exitCode, stderr) => {
    const body = () => Promise.reject(error);
    expect(await capturedRun(['mnist'], { body })).toMatchObject({ exitCode, stderr, stdout: '' });
  });

  // Both were 'a bug in retort': the shell's limits are named, with what to set.
  test.each([
    [
      new RangeError('WebAssembly.Memory(): could not allocate memory'),
      /^error: memory: wanted about 40 GB of virtual address space: .*; raise the limit: ulimit -v unlimited; .*\n$/,
    ],
    [
      Object.assign(new Error("EMFILE: too many open files, open 'a.js'"), { code: 'EMFILE', errno: -24 }),
      /^error: open files: wanted 256 files or more that may be open at once, got fewer \(EMFILE\); raise the limit: ulimit -n 1024\n$/,
    ],
  ])('a limit of the shell, %s, is named with what to set', async (error, stderr) => {
    const run = await capturedRun(['mnist'], { body: () => Promise.reject(error) });
    expect(run).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(stderr) });
  });

  // A title, a colour, a return of the line, the 8-bit beginning of such a sequence, and text that runs backwards.
  const HOSTILE = 'a\u001b]0;t\u0007\u001b[31mb\rc\u009b2Jd\u202ee\u2066';
  const SHOWN = 'a\\u001b]0;t\\u0007\\u001b[31mb\\u000dc\\u009b2Jd\\u202ee\\u2066';

  test.each([undefined, 80])(
    'what a terminal would obey is escaped, our colours stay (%s columns)',
    async (columns) => {
      const settings = columns === undefined ? {} : { stdoutColumns: columns, stderrColumns: columns };
      const body = async (io: CommandIo) => {
        io.onNotice(HOSTILE);
        io.say(HOSTILE);
        io.onDownload(HOSTILE, { file: 'f', bytes: 1, totalBytes: 2 });
        io.onDownload(HOSTILE, { file: 'f', bytes: 2, totalBytes: 2 });
        io.onLabelling(HOSTILE, { done: 0, total: 2, known: 0 });
        io.onLabelling(HOSTILE, { done: 2, total: 2, known: 0 });
        io.onEvent({ type: 'warning', name: 'duplicates', text: HOSTILE, fix: HOSTILE });
        io.onEvent({ type: 'evaluation', epoch: 1, step: 1, split: HOSTILE, metrics: { [HOSTILE]: 1 } });
        await io.write(`${HOSTILE}\n`);
        return { text: HOSTILE, json: HOSTILE };
      };
      const run = await capturedRun(['mnist'], { body, ...settings });
      expect(run.stdout).toBe(`${SHOWN}\n${SHOWN}\n`);
      // A bar moves the cursor itself.
      const lines = run.stderr.split('\n').filter((line) => !line.includes('█'));
      const note = columns === undefined ? 'note:' : '\u001b[33mnote:\u001b[39m';
      expect(lines).toContain(`${note} ${SHOWN}`);
      expect(lines).toContain(SHOWN);
      for (const piece of ['\u001b]', '\u001b[31m', '\u0007', '\rc', '\u009b', '\u202e', '\u2066']) {
        expect(run.stderr).not.toContain(piece);
      }
      const { stdout } = await capturedRun(['mnist', '--json'], { body, ...settings });
      expect(JSON.parse(stdout.split('\n')[1] ?? '')).toBe(HOSTILE);
      expect(stdout).not.toMatch(/[\u0080-\u009f\u202e\u2066]/u);
    },
  );

  test('so it is in errors, which stay one line', async () => {
    const body = () => Promise.reject(new FileError({ where: `${HOSTILE}\nerror: x`, wanted: 'b', got: 'c' }));
    const run = await capturedRun(['mnist', '--json'], { body, environment: { RETORT_DEBUG: '1' } });
    expect(run.stderr.split('\n')[0]).toBe(`error: ${SHOWN}\\nerror: x: wanted b, got c`);
    expect(run.stderr + run.stdout).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}/u);
    expect(JSON.parse(run.stdout).error.where).toBe(`${HOSTILE}\nerror: x`);
  });

  test('and no key gets there', async () => {
    const key = 'sk-Rz8vQn4LmXw2';
    keepSecret(key);
    const body = async (io: CommandIo) => {
      io.say(`said ${key}`);
      if (io.columns === undefined) throw new TypeError(`broken: ${key}`);
      return { text: `found ${key}`, json: key };
    };
    const settings = { body, environment: { RETORT_DEBUG: '1' } };
    const good = await capturedRun(['mnist'], { ...settings, stdoutColumns: 80 });
    expect(good).toMatchObject({ stdout: 'found [key]\n', stderr: 'said [key]\n' });
    const bad = await capturedRun(['mnist', '--json'], settings);
    expect(bad.stdout + bad.stderr).not.toContain(key.slice(0, 8));
    expect(JSON.parse(bad.stdout).error.message).toContain('broken: [key]');
  });

  test('RETORT_DEBUG=1 adds the stack', async () => {
    const body = () => Promise.reject(new TypeError('broken'));
    const { stderr } = await capturedRun(['mnist'], { body, environment: { RETORT_DEBUG: '1' } });
    expect(stderr).toMatch(/^error: broken .*\nTypeError: broken\n +at /);
  });

  test('with --json a failure is an object on stdout too', async () => {
    const { stdout } = await capturedRun(['mnist', '--fc1_size', '0', '--json']);
    expect(JSON.parse(stdout)).toEqual({
      error: {
        kind: 'OptionError',
        message: "--fc1_size: wanted an integer from 1 to 65536, got '0'",
        where: '--fc1_size',
        wanted: 'an integer from 1 to 65536',
        got: "'0'",
        exitCode: 2,
      },
    });
  });

  test('a bar is taken off the terminal when the command fails', async () => {
    const { stderr } = await capturedRun(['mnist'], {
      stderrColumns: 60,
      environment: { NO_COLOR: '1' },
      body: (io) => {
        io.onEvent({ type: 'start', totalSteps: 10, epochs: 1, trainRows: 640, parameters: 5 });
        return Promise.reject(new FileError({ where: 'disk', wanted: 'room', got: 'none' }));
      },
    });
    expect(stderr.endsWith(`${ESCAPE}[0Jerror: disk: wanted room, got none\n`)).toBe(true);
  });
});
