import { describe, expect, test } from 'vitest';
import { chooseDevice } from '../../src/cli/commands/digits/gpu-flag.js';
import { DeviceError } from '../../src/errors/failures.js';

describe('chooseDevice', () => {
  test('--n_gpu 0 leaves the choice to --device', () => {
    expect(chooseDevice({ nGpu: 0, device: 'cpu' }, ['cpu'])).toBe('cpu');
    expect(chooseDevice({ nGpu: 0, device: 'webgpu' }, ['cpu', 'webgpu'])).toBe('webgpu');
  });

  test('--n_gpu 1 is CUDA where the runtime lists it', () => {
    expect(chooseDevice({ nGpu: 1, device: 'cpu' }, ['cpu', 'cuda'])).toBe('cuda');
  });

  test.each([
    [
      1,
      ['cpu', 'webgpu'],
      '--n_gpu: wanted 0, because the runtime lists no GPU here (only cpu, webgpu), got 1; use --n_gpu 0 to train on the CPU',
    ],
    [2, ['cpu', 'cuda'], '--n_gpu: wanted 0 or 1, because a run uses one device, got 2; use --n_gpu 1'],
  ])('--n_gpu %i with %j is wrong use', (nGpu, listed, message) => {
    const choose = () => chooseDevice({ nGpu, device: 'cpu' }, listed);
    expect(choose).toThrow(DeviceError);
    expect(choose).toThrow(message);
    expect(new DeviceError({ where: '', wanted: '', got: '' }).exitCode).toBe(2);
  });
});
