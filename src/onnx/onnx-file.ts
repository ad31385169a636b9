/** @file An ONNX model, a file or its bytes, read without its weights. */
import { open } from 'node:fs/promises';
import { FileError } from '../errors/failures.js';
import { inputFailure } from '../files/file-failure.js';
import { FieldReader, fieldsOf } from './fields.js';
import { metadataIn } from './metadata.js';
import { type OnnxReferences, referencesIn } from './references.js';

/** @throws FileError for a file that is missing, torn, or no ONNX model. */
export function readOnnxMetadata(model: string | Uint8Array): Promise<ReadonlyMap<string, string>> {
  return withFields(model, metadataIn);
}

/** @throws FileError for a file that is missing, torn, or no ONNX model. */
export function readOnnxReferences(model: string | Uint8Array): Promise<OnnxReferences> {
  return withFields(model, referencesIn);
}

async function withFields<T>(model: string | Uint8Array, work: (fields: FieldReader) => Promise<T>): Promise<T> {
  if (typeof model !== 'string') return work(fieldsOf(model));
  try {
    const handle = await open(model, 'r');
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) {
        const got = stat.isDirectory() ? 'a folder' : 'a device or pipe';
        throw new FileError({ where: model, wanted: 'an ONNX file', got });
      }
      const read = async (start: number, length: number) => {
        const { buffer, bytesRead } = await handle.read(new Uint8Array(length), 0, length, start);
        return buffer.subarray(0, bytesRead);
      };
      return await work(new FieldReader({ size: stat.size, read }, model));
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw inputFailure(error, model);
  }
}
