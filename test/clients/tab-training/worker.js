// Trains in a worker of the page.
import * as runtime from 'onnxruntime-web/wasm';
import { trainDigits } from './digits.js';
import { trainStudents } from './students.js';

runtime.env.wasm.wasmPaths = '/ort/';

const bytes = async (name) => new Uint8Array(await (await fetch(`/data/${name}`)).arrayBuffer());

async function mnist() {
  const split = async (name) => ({ name, images: await bytes(`${name}-images`), labels: await bytes(`${name}-labels`) });
  return { train: await split('train'), test: await split('test') };
}

const texts = async () => (await fetch('/data/texts')).json();

const TASKS = {
  digits: async (threads) => trainDigits(await mnist(), { threads }),
  students: async (threads) => trainStudents(await texts(), { threads }),
};

addEventListener('message', async ({ data: { name, threads } }) => {
  try {
    postMessage({ found: await TASKS[name](threads) });
  } catch (error) {
    postMessage({ failed: String(error?.stack ?? error) });
  }
});
