// A command line with fake commands, for tests of how the process around them behaves.
import { command } from '../../dist/cli/command.js';
import { runProcess } from '../../dist/cli/process.js';
import { InterruptedError } from '../../dist/errors/failures.js';

const usage = { summary: 'fake', options: {}, examples: [] };
const fake = ({ run, ...usage }) => command(usage, async () => run);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

await runProcess([
  fake({
    ...usage,
    name: 'flood',
    async run(_options, io) {
      for (let i = 0; i < 100_000; i++) await io.write(`line ${i}\n`);
    },
  }),
  fake({
    ...usage,
    name: 'chatter',
    async run(_options, io) {
      for (let i = 0; i < 2000; i++) io.onNotice(`notice ${i}`);
      await pause(20);
      return { json: null, text: 'finished' };
    },
  }),
  fake({
    ...usage,
    name: 'train',
    async run(_options, io) {
      const signal = io.interruption();
      io.onNotice('step 1');
      while (!signal.aborted) await pause(10);
      // The step under way has to end first.
      await pause(100);
      throw new InterruptedError({ where: 'train', wanted: 'to finish', got: 'Ctrl-C', fix: 'add --resume' });
    },
  }),
  fake({
    ...usage,
    name: 'npm',
    async run(_options, io) {
      const signal = io.interruption();
      signal.addEventListener('abort', () => setTimeout(() => process.kill(process.pid, 'SIGINT'), 20));
      io.onNotice('step 1');
      while (!signal.aborted) await pause(10);
      await pause(100);
      throw new InterruptedError({ where: 'train', wanted: 'to finish', got: 'Ctrl-C', fix: 'add --resume' });
    },
  }),
  fake({
    ...usage,
    name: 'deaf',
    async run(_options, io) {
      io.interruption();
      io.onNotice('step 1');
      await pause(600_000);
    },
  }),
  fake({
    ...usage,
    name: 'wait',
    async run(_options, io) {
      io.onNotice('waiting');
      await pause(600_000);
    },
  }),
  fake({
    ...usage,
    name: 'stray',
    async run() {
      setTimeout(() => {
        throw new TypeError('thrown in a timer');
      });
      await pause(1000);
    },
  }),
]);
