// Compiles src/ into dist/, and bundles what answers in students of one file (src/standalone/), which exports carry as text
// and no tool of the user's has to bundle. The new folder is written beside the old one and then swapped in, so that a process that
// is using dist/ never meets half a build, and files whose source is gone do not linger in the package.
// Extra arguments go to tsc.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const root = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');

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
