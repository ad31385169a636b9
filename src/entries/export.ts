export { exportOnnx, type OnnxContent } from '../export/onnx.js';
export { type OnnxFolderContent, saveOnnx } from '../export/onnx-folder.js';
