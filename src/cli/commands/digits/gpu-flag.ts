import { DeviceError } from '../../../errors/failures.js';
import { listDevices } from '../../../runtime/devices.js';

type Flags = { readonly device: string; readonly nGpu: number };

/** The device that `--device` and the original script's `--n_gpu` ask for together. @throws as `chooseDevice`. */
export async function chosenDevice(flags: Flags): Promise<string> {
  const listed = await listDevices();
  return chooseDevice(
    flags,
    listed.flatMap(({ name, isInstalled }) => (isInstalled ? [name] : [])),
  );
}

/**
 * @param listed names of the devices that the runtime lists
 * @throws DeviceError (exit code 2) if GPUs are wanted that are not there, or more than one process can use
 */
export function chooseDevice({ device, nGpu }: Flags, listed: readonly string[]): string {
  if (nGpu === 0) return device;
  const where = '--n_gpu';
  const got = String(nGpu);
  if (!listed.includes('cuda')) {
    const wanted = `0, because the runtime lists no GPU here (only ${listed.join(', ')})`;
    throw new DeviceError({ where, wanted, got, fix: 'use --n_gpu 0 to train on the CPU' });
  }
  if (nGpu > 1) {
    throw new DeviceError({ where, wanted: '0 or 1, because a run uses one device', got, fix: 'use --n_gpu 1' });
  }
  return 'cuda';
}
