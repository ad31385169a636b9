// Compiles src/ into dist/, bundles what answers in students of one file (src/standalone/), which exports carry as text
// and no tool of the user's has to bundle, and bundles the page of `retort playground` (playground/). The new folder is written beside the old one and then swapped in, so that a process that
// is using dist/ never meets half a build, and files whose source is gone do not linger in the package.
// Extra arguments go to tsc.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const root = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');

/** Statistics ask for Cephes by `require`: in a page there is the build for `import`, whose WebAssembly is waited for. */
const CEPHES = '\0cephes';
const REQUIRED_CEPHES = `
import * as cephes from ${JSON.stringify(fileURLToPath(import.meta.resolve('cephes')))};
await cephes.compiled;
export const createRequire = () => () => cephes;`;

/** The page, its workers and what comes with them. ONNX Runtime is an optional peer: it is served beside them. */
async function bundlePlayground(from, to) {
  const workers = existsSync(join(from, 'workers')) ? readdirSync(join(from, 'workers')) : [];
  const entries = [join(from, 'main.ts'), ...workers.map((name) => join(from, 'workers', name))];
  const instead = new Map([
    ['#backend', { id: join(root, 'src', 'runtime', 'backend-web.ts') }],
    ['onnxruntime-web/wasm', { id: './ort/ort.wasm.min.mjs', external: true }],
    ['node:module', { id: CEPHES }],
  ]);
  await build({
    input: Object.fromEntries(entries.map((path) => [basename(path, '.ts'), path])),
    tsconfig: false,
    platform: 'browser',
    plugins: [
      {
        name: 'what a page has instead',
        resolveId: (name) =>
          name.startsWith('#students/')
            ? { id: join(fresh, 'standalone', `${name.slice('#students/'.length)}-student.code.js`) }
            : instead.get(name),
        load: (id) => (id === CEPHES ? REQUIRED_CEPHES : undefined),
      },
    ],
    output: { dir: to, format: 'es', minify: true, entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    logLevel: 'warn',
  });
  for (const name of ['index.html', 'style.css', 'models'])
    cpSync(join(from, name), join(to, name), { recursive: true });
}

const dist = join(root, 'dist');
const fresh = mkdtempSync(join(root, '.dist-'));
try {
  const built = spawnSync(
    process.execPath,
    [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', fresh, ...process.argv.slice(2)],
    { stdio: 'inherit' },
  );
  if (built.error) throw built.error;
  if (built.status === 0) {
    chmodSync(fresh, 0o755);
    const standalone = join(root, 'src', 'standalone');
    for (const name of readdirSync(standalone).filter((file) => file.endsWith('-student.ts'))) {
      const { output } = await build({
        input: join(standalone, name),
        tsconfig: false,
        write: false,
        output: { format: 'iife', name: 'retort', minify: true },
        logLevel: 'warn',
      });
      const file = join(fresh, 'standalone', name.replace(/\.ts$/, '.code.js'));
      writeFileSync(file, `export const code = ${JSON.stringify(output[0].code)};\n`);
    }
    await bundlePlayground(join(root, 'playground'), join(fresh, 'playground'));
    const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    for (const file of Object.values(bin)) {
      const script = join(fresh, relative(dist, join(root, file)));
      if (existsSync(script)) chmodSync(script, 0o755);
    }
    const old = `${fresh}-old`;
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
    rmSync(old, { recursive: true, force: true });
  }
  process.exitCode = built.status ?? 1;
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
