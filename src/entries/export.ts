export { calibrate } from '../export/calibrate.js';
export { type ExportedModel, type ExportModelOptions, exportModel } from '../export/export-model.js';
export { EXPORT_FORMATS, type ExportFormat, type ExportFormatName } from '../export/formats.js';
export { type HubFolderOptions, saveHubFolder } from '../export/hugging-face-folder.js';
export { exportedGraph, exportOnnx, type OnnxContent } from '../export/onnx.js';
export { type OnnxFolderContent, saveOnnx } from '../export/onnx-folder.js';
export { type OpenedTextModel, type OpenTextModelOptions, openTextModel } from '../export/open-text-model.js';
export { type ExportLayout, PRECISIONS, type Precision } from '../export/precisions.js';
