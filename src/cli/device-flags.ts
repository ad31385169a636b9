import { DeviceError } from '../errors/failures.js';

/**
 * The device that `--device` and the original script's `--n_gpu` ask for together.
 * @param listed names of the devices that the runtime lists
 * @throws DeviceError (exit code 2) if GPUs are wanted that are not there, or more than one process can use
 */
export function chooseDevice(
  flags: { readonly device: string; readonly nGpu: number },
  listed: readonly string[],
): string {
  if (flags.nGpu === 0) return flags.device;
  const where = '--n_gpu';
  const got = String(flags.nGpu);
  if (!listed.includes('cuda')) {
    throw new DeviceError({
      where,
      wanted: `0, because the runtime lists no GPU here (only ${listed.join(', ')})`,
      got,
      fix: 'use --n_gpu 0 to train on the CPU',
    });
  }
  if (flags.nGpu > 1) {
    throw new DeviceError({ where, wanted: '0 or 1, because a run uses one device', got, fix: 'use --n_gpu 1' });
  }
  return 'cuda';
}
