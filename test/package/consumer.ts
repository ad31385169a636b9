import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a child process printed and how it ended. */
export type Outcome = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Where no server listens. Read by onnxruntime-node's download script alone, so npm still reaches its registry. */
const FIREWALL = { GLOBAL_AGENT_HTTPS_PROXY: 'http://127.0.0.1:9', GLOBAL_AGENT_HTTP_PROXY: 'http://127.0.0.1:9' };

/**
 * The environment of someone who never saw this repository: npm hands a project's settings to the scripts it runs, so
 * a test started by `npm test` has to take them out again, above all the one that keeps downloads from starting.
 */
export function consumerEnv(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const isOurs = (name: string): boolean =>
    /^(npm_|ONNXRUNTIME_|VITEST|NODE_OPTIONS|NODE_ENV|TEST$|INIT_CWD)/i.test(name);
  const kept = Object.entries(process.env).filter(
    ([name]) => !isOurs(name) || /^npm_config_(cache|registry)$/i.test(name),
  );
  return { ...Object.fromEntries(kept), ...FIREWALL, NO_COLOR: '1', ...extra };
}

export function run(
  command: string,
  args: readonly string[],
  folder: string,
  extra: Readonly<Record<string, string>> = {},
): Outcome {
  const done = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    env: consumerEnv(extra),
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 26,
  });
  if (done.error) throw done.error;
  return { code: done.status, stdout: done.stdout, stderr: done.stderr };
}

/** Like `run`, but ending in anything but success is an error that shows what was printed. */
export function mustRun(...call: Parameters<typeof run>): Outcome {
  const outcome = run(...call);
  if (outcome.code === 0) return outcome;
  const [command, args] = call;
  throw new Error(`${command} ${args.join(' ')} ended with ${outcome.code}\n${outcome.stdout}\n${outcome.stderr}`);
}

/** An empty project. */
export function emptyProject(folder: string): string {
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  return folder;
}
