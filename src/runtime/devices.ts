import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { DeviceError } from '../errors/failures.js';
import { loadOnnxRuntime } from './native.js';

/** Devices that a session can be asked for. The runtime decides which of them are there. */
export const DEVICES = {
  cpu: { isExperimental: false, fix: 'reinstall onnxruntime-node' },
  webgpu: { isExperimental: true, fix: 'use a platform whose onnxruntime-node is built with WebGPU' },
  cuda: {
    isExperimental: true,
    fix: "reinstall onnxruntime-node with ONNXRUNTIME_NODE_INSTALL=cuda12 (Linux x64 with NVIDIA's CUDA and cuDNN)",
  },
} as const satisfies Record<string, { isExperimental: boolean; fix: string }>;

export type DeviceName = keyof typeof DEVICES;

const DEVICE_NAMES = Object.keys(DEVICES) as DeviceName[];

export type Device = {
  readonly name: DeviceName;
  /** The library for it is there. Whether the hardware is, only opening a session tells. */
  readonly isInstalled: boolean;
  readonly isExperimental: boolean;
};

/** The devices that this build of ONNX Runtime knows, `cpu` first. Loads native code. */
export async function listDevices(): Promise<readonly Device[]> {
  const runtime = await loadOnnxRuntime();
  const backends = new Map(runtime.listSupportedBackends().map(({ name, bundled }) => [name, bundled]));
  return DEVICE_NAMES.map((name) => ({
    name,
    // 'bundled' is a constant of the build: libraries that were added to it later show only on the disk.
    isInstalled: backends.get(name) === true || (backends.has(name) && hasProviderLibrary(name)),
    isExperimental: DEVICES[name].isExperimental,
  }));
}

function hasProviderLibrary(name: DeviceName): boolean {
  const root = path.dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const file = `libonnxruntime_providers_${name}.so`;
  return existsSync(path.join(root, 'bin', 'napi-v6', process.platform, process.arch, file));
}

/**
 * @throws DeviceError that lists what is there, for a name that is unknown or whose library is not installed.
 */
export async function resolveDevice(name: string): Promise<DeviceName> {
  const devices = await listDevices();
  const device = devices.find((known) => known.name === name);
  if (device?.isInstalled) return device.name;
  throw new DeviceError({
    where: `device '${name}'`,
    wanted: `one of ${devices.flatMap((known) => (known.isInstalled ? [known.name] : [])).join(', ')}`,
    got: device ? 'a device whose library is not installed' : 'an unknown device',
    ...(device && { fix: DEVICES[device.name].fix }),
  });
}
