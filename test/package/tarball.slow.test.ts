import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emptyProject, mustRun, run } from './consumer.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly name: string;
  readonly exports: Readonly<Record<string, string>>;
};
const codeKeys = Object.keys(manifest.exports).filter((key) => key !== './package.json');

let workshop: string;
let tarball: string;

beforeAll(() => {
  workshop = mkdtempSync(join(tmpdir(), 'retort-tarball-'));
  // The global set-up has just built dist/; running `prepare` again would only repeat it.
  mustRun('npm', ['pack', '--ignore-scripts', '--pack-destination', workshop], root);
  const packed = readdirSync(workshop).filter((name) => name.endsWith('.tgz'));
  expect(packed).toHaveLength(1);
  tarball = join(workshop, packed[0] ?? '');
});

afterAll(() => rmSync(workshop, { recursive: true, force: true }));

/** A development tool of this repository. */
const tool = (name: string): string => join(root, 'node_modules', '.bin', name);

describe('the packed tarball', () => {
  test('publint has nothing to say', () => {
    mustRun(tool('publint'), ['run', tarball, '--strict'], workshop);
  });

  test('every subpath resolves with its types for ESM consumers', () => {
    mustRun(tool('attw'), [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'], workshop);
  });

  test('it holds the build, the docs and the papers, nothing else', () => {
    const listed = mustRun('tar', ['-tzf', tarball], workshop).stdout.trim().split('\n');
    const foreign = listed.filter(
      (path) =>
        !/^package\/(dist\/.*\.(js|d\.ts)|dist\/playground\/((index|style)\.(html|css)|models\/[\w-]+\/(config\.json|model\.safetensors))|docs\/.*\.(md|svg|mjs)|package\.json|LICENSE|CITATION\.cff|(README|CHANGELOG|SECURITY)\.md)$/.test(
          path,
        ),
    );
    expect(foreign).toEqual([]);
    expect(listed).toContain('package/LICENSE');
    expect(listed).toContain('package/README.md');
  });
});

describe.each([
  { way: 'ONNXRUNTIME_NODE_INSTALL=skip', flags: [], env: { ONNXRUNTIME_NODE_INSTALL: 'skip' }, keys: codeKeys },
  // The same files: one import shows that they are all there.
  { way: '--ignore-scripts', flags: ['--ignore-scripts'], env: {}, keys: codeKeys.slice(0, 1) },
])('installed in an empty folder behind a firewall with $way', ({ way, flags, env, keys }) => {
  let consumer: string;
  const bin = (): string => join(consumer, 'node_modules', '.bin', 'retort');

  beforeAll(() => {
    consumer = emptyProject(join(workshop, way.replace(/\W/g, '')));
    mustRun('npm', ['install', tarball, '--prefer-offline', '--no-audit', '--no-fund', ...flags], consumer, env);
  });

  test.each(keys)('import of %s gives its names and prints nothing', (key) => {
    const specifier = manifest.name + key.slice(1);
    const script = `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(specifier)}))))`;
    const { stdout, stderr } = mustRun(process.execPath, ['--input-type=module', '-e', script], consumer);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toBeInstanceOf(Array);
  });

  test('package.json can be found', () => {
    const script = `console.log(import.meta.resolve('${manifest.name}/package.json'))`;
    const { stdout } = mustRun(process.execPath, ['--input-type=module', '-e', script], consumer);
    const found = JSON.parse(readFileSync(fileURLToPath(stdout.trim()), 'utf8')) as { name: string };
    expect(found.name).toBe(manifest.name);
  });

  test('retort --help prints help on stdout and nothing on stderr', () => {
    const { stdout, stderr } = mustRun(bin(), ['--help'], consumer);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/retort .*mnist/s);
  });

  test('retort with an unknown command ends with exit code 2 and one message', () => {
    const { code, stdout, stderr } = run(bin(), ['mnits'], consumer);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/mnits/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('retort primer --quick trains the three models and leaves the consumer able to see them', () => {
    const { stdout } = mustRun(bin(), ['primer', '--quick'], consumer);
    // The article's figures: teacher, small model, small model with a teacher.
    for (const published of ['92.51', '63.18', '71.38']) expect(stdout).toContain(published);
  });
});

// CUDA libraries are fetched on this platform alone.
describe.runIf(process.platform === 'linux' && process.arch === 'x64')('the firewall of these tests', () => {
  test('stops the install script of onnxruntime-node unless it is told to skip', () => {
    const folder = join(root, 'node_modules', 'onnxruntime-node');
    const script = join(folder, 'script', 'install.js');
    expect(run(process.execPath, [script], folder).stderr).toMatch(/127\.0\.0\.1:9|ECONNREFUSED/);
    expect(run(process.execPath, [script], folder, { ONNXRUNTIME_NODE_INSTALL: 'skip' }).code).toBe(0);
  });
});
