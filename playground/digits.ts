/** @file The images of handwritten digits, loaded when they are first asked for. */
import type { MnistSplit } from '../src/data/mnist-dataset.js';
import { decodeSafetensors, type Safetensors } from '../src/tensor/safetensors.js';
import type { PartContext } from './part.js';

export type Digits = { readonly train: MnistSplit; readonly test: MnistSplit };

const FILE = 'digits.safetensors.gz';
let loaded: Promise<Digits> | undefined;

/** @throws Error for the reader, where they cannot be had; the next call tries again. */
export function loadDigits({ file }: Pick<PartContext, 'file'>): Promise<Digits> {
  loaded ??= read(file).catch((error: unknown) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

async function read(file: PartContext['file']): Promise<Digits> {
  const packed = new Response(await file(FILE)).body;
  if (packed === null) throw new Error(`${FILE} is empty`);
  const bytes = await new Response(packed.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
  const content = decodeSafetensors(new Uint8Array(bytes), FILE);
  return { train: split(content, 'train'), test: split(content, 'test') };
}

function split({ tensors }: Safetensors, name: string): MnistSplit {
  const [images, labels] = ['images', 'labels'].map((part) => tensors.get(`${name}.${part}`)?.data);
  if (images instanceof Uint8Array && labels instanceof Uint8Array) return { name, images, labels };
  throw new Error(`${FILE} has no images named ${name}: write it again with retort playground`);
}
