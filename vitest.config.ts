import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup/build-package.ts'],
    // Forks: ONNX Runtime compares array classes, which differ between the realms of vmThreads. Two at most: sessions
    // bring threads of their own.
    pool: 'forks',
    maxWorkers: 2,
    // Six times what the slowest without a limit of its own takes on two quiet cores.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
