/** @file `metadata_props` of an ONNX file, without its weights. */
import type { FieldReader } from './fields.js';

/** Fields of `ModelProto` in onnx.proto. */
const MODEL = { graph: 7, metadata: 14 } as const;

/** @throws FileError for a file that is torn, or no ONNX model. */
export async function metadataIn(reader: FieldReader): Promise<ReadonlyMap<string, string>> {
  const metadata = new Map<string, string>();
  let hasGraph = false;
  for await (const field of reader.in({ start: 0, end: reader.size })) {
    if (field.number === MODEL.metadata) metadata.set(...(await reader.entry(field)));
    if (field.number === MODEL.graph) hasGraph = true;
  }
  if (hasGraph) return metadata;
  throw reader.failure(`${reader.size} bytes without a graph`);
}
