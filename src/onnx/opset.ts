/** The operator set that our graphs are written against (ONNX 1.16, March 2024). */
export const OPSET = 21;

/** The version of the file format that goes with it. ONNX Runtime 1.30 reads up to 13. */
export const IR_VERSION = 10;
