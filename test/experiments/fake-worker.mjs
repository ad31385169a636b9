import { setTimeout } from 'node:timers/promises';
import { OptionError } from '../../dist/errors/failures.js';
import { serveArms } from '../../dist/experiments/arm-worker.js';
import { RandomStream } from '../../dist/tensor/random.js';

// A real worker loads its data first, and the request is there before it listens.
await setTimeout(100);
const { fakeArms } = await import(new URL('fake-arms.mjs', import.meta.url).href);
serveArms(fakeArms({ OptionError, RandomStream }));
