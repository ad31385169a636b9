export { type ExportedModel, type ExportModelOptions, exportModel } from '../export/export-model.js';
export { exportOnnx, type OnnxContent } from '../export/onnx.js';
export { type OnnxFolderContent, saveOnnx } from '../export/onnx-folder.js';
export { type OpenedTextModel, type OpenTextModelOptions, openTextModel } from '../export/open-text-model.js';
export { PRECISIONS, type Precision } from '../export/precisions.js';
