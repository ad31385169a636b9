// Arms that train nothing: their score is drawn from arm and seed. For tests of what runs them.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/**
 * The function that runs them, over the classes of `src/` or `dist/`. An arm may say what is to happen at which seed:
 * `{ name, delayMs?, at?: { 43: 'option' }, until?: { 42: 'a file' } }`.
 */
export const fakeArms =
  ({ OptionError, RandomStream }) =>
  async (arm, seed, { settings, progress, signal }) => {
    if (settings.pids) writeFileSync(join(settings.pids, String(process.pid)), '');
    progress(0.5);
    while (arm.until?.[seed] !== undefined && !existsSync(arm.until[seed])) await pause(5);
    await pause((arm.delayMs ?? 0) * (seed % 3));
    signal.throwIfAborted();
    const trouble = arm.at?.[seed];
    if (trouble === 'option') throw new OptionError({ where: 'alpha', wanted: 'under 1', got: '2', fix: 'lower it' });
    if (trouble === 'defect') throw new TypeError('undefined is not a function');
    if (trouble === 'exit') process.exit(7);
    if (trouble === 'kill') process.kill(process.pid, 'SIGKILL');
    if (trouble === 'print') console.log('printed by an arm');
    if (trouble === 'hang') await pause(600_000);
    const random = new RandomStream(seed, arm.name);
    const score = trouble === 'nan' ? Number.NaN : random.uniform(0.6, 0.8);
    const losses = { hard: random.uniform(), soft: Number.NaN };
    return {
      score,
      parameters: settings.parameters ?? 10,
      curve: [
        { epoch: 1, step: 3, loss: losses.hard, losses, metrics: { accuracy: score }, seconds: random.uniform() },
      ],
      details: { pid: undefined, seed },
    };
  };
