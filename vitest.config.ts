import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** Each file belongs to one of these; the scripts of package.json say which they run. */
const SLOW = ['test/**/*.slow.test.ts'];
/** They start a Redis of their own. */
const REDIS = ['test/**/*.redis.test.ts'];
const COMMANDS = ['test/{cli,docs,examples,experiments,package}/**/*.test.ts'];

function project(name: string, include: string[], exclude: string[] = []): TestProjectInlineConfiguration {
  return {
    // Of `src/`, as everything else that tests import; `imports` of package.json names the built one.
    resolve: { alias: { '#backend': fileURLToPath(new URL('src/runtime/backend-node.ts', import.meta.url)) } },
    test: {
      // Clients have packages of their own below test/.
      ...{ name, include, exclude: ['**/node_modules/**', ...exclude] },
      // Forks: ONNX Runtime compares array classes, which differ between the realms of vmThreads.
      pool: 'forks',
      // For what hangs: no test fails because a machine is slow or busy.
      testTimeout: 600_000,
      hookTimeout: 600_000,
    },
  };
}

export default defineConfig({
  test: {
    globalSetup: ['test/setup/build-package.ts'],
    // Two at most: sessions bring threads of their own.
    maxWorkers: 2,
    projects: [
      project('library', ['test/**/*.test.ts'], [...COMMANDS, ...SLOW, ...REDIS]),
      project('commands', COMMANDS, [...SLOW, ...REDIS]),
      project('slow', SLOW),
      project('redis', REDIS),
    ],
  },
});
