import { type ChildProcess, spawn } from 'node:child_process';

/** `redis-server`, or what `RETORT_REDIS_SERVER` names. */
export const REDIS_SERVER = process.env.RETORT_REDIS_SERVER ?? 'redis-server';

/** Each command is on the disk before its reply, so that `kill -9` loses none that was replied to. */
export const SYNCED_ALWAYS = ['--appendfsync', 'always'] as const;

/**
 * A Redis of this machine with an append-only file in `folder`, which it goes on with if it is there.
 * @param options of the command line
 * @returns the process, once it takes connections. @throws Error for one that ends, such as where the port is taken.
 */
export function startRedis(port: number, folder: string, options: readonly string[] = []): Promise<ChildProcess> {
  const always = ['--appendonly', 'yes', '--save', '', '--bind', '127.0.0.1'];
  const args = ['--port', String(port), '--dir', folder, ...always, ...options];
  const child = spawn(REDIS_SERVER, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  return new Promise((done, fail) => {
    child.once('error', ({ message }) =>
      fail(new Error(`wanted redis-server, or another by RETORT_REDIS_SERVER, got: ${message}`)),
    );
    child.once('exit', () => fail(new Error(`${REDIS_SERVER} ended: ${said}`)));
    child.stdout.on('data', (chunk) => {
      said += chunk;
      if (/ready to accept connections/iu.test(said)) done(child);
    });
  });
}
