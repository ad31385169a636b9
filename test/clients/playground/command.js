// The built command, run from this folder: it finds onnxruntime-web here, as it does in a user's project.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));

/** `retort playground` on a free port, once it has said where. */
export async function started(words, { cwd = here } = {}) {
  const child = spawn(process.execPath, [main, 'playground', ...words, '--port', '0', '--quiet'], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = await once(createInterface({ input: child.stdout }), 'line');
  return {
    url,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      const [code] = await ended;
      if (code !== 0) throw new Error(`retort playground ended with ${code} after Ctrl-C`);
    },
  };
}

/** The same as static files. */
export async function written(words, folder) {
  execFileSync(process.execPath, [main, 'playground', ...words, '--output_dir', folder], { cwd: here });
}
