// The package is an optional peer, which this repository does not install: what it exports is what its common part says.
declare module 'onnxruntime-web/wasm' {
  // biome-ignore lint/performance/noReExportAll: a declaration of another package.
  export * from 'onnxruntime-common';
}
