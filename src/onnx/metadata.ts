/** @file `metadata_props` of an ONNX file, without its weights. */
import { walkOnnx } from './fields.js';

/** Fields of `ModelProto` in onnx.proto. */
const MODEL = { graph: 7, metadata: 14 } as const;

/**
 * The metadata of an ONNX model, a file or its bytes.
 * @throws FileError for a file that is missing, torn, or no ONNX model.
 */
export function readOnnxMetadata(model: string | Uint8Array): Promise<ReadonlyMap<string, string>> {
  return walkOnnx(model, async (reader) => {
    const metadata = new Map<string, string>();
    let hasGraph = false;
    for await (const field of reader.in({ start: 0, end: reader.size })) {
      if (field.number === MODEL.metadata) metadata.set(...(await reader.entry(field)));
      if (field.number === MODEL.graph) hasGraph = true;
    }
    if (hasGraph) return metadata;
    throw reader.failure(`${reader.size} bytes without a graph`);
  });
}
