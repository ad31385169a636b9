/** @file An ONNX model with its weights in other files, as PyTorch and Optimum write large ones. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { onnx } from 'onnx-proto';
import onnxProto from 'onnx-proto';

const { ModelProto, TensorProto } = onnxProto.onnx;

/** Moves the elements of float tensors of the main graph into `location` beside the file. */
export function writeExternal(file: string, bytes: Uint8Array, location: string): void {
  const model = ModelProto.decode(bytes);
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const tensor of model.graph?.initializer ?? []) {
    if (tensor.dataType !== TensorProto.DataType.FLOAT || !tensor.rawData?.length) continue;
    const { rawData } = tensor;
    moveOut(tensor, location, offset, rawData.length);
    parts.push(rawData);
    offset += rawData.length;
  }
  writeFileSync(join(dirname(file), location), Buffer.concat(parts));
  writeFileSync(file, ModelProto.encode(model).finish());
}

function moveOut(tensor: onnx.ITensorProto, location: string, offset: number, length: number): void {
  tensor.rawData = new Uint8Array();
  tensor.dataLocation = TensorProto.DataLocation.EXTERNAL;
  tensor.externalData = Object.entries({ location, offset, length }).map(([key, value]) => ({
    key,
    value: String(value),
  }));
}

/** A tensor of one number that lies in a file. */
export function externalTensor(name: string, location: string): onnx.ITensorProto {
  const tensor: onnx.ITensorProto = { name, dims: [1], dataType: TensorProto.DataType.FLOAT };
  moveOut(tensor, location, 0, 4);
  return tensor;
}
