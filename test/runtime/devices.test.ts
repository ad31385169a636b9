import { describe, expect, test } from 'vitest';
import { DeviceError } from '../../src/errors/failures.js';
import { listDevices, resolveDevice } from '../../src/runtime/devices.js';

describe('listDevices', () => {
  test('cpu comes first, is installed and not experimental', async () => {
    expect((await listDevices())[0]).toEqual({ name: 'cpu', isInstalled: true, isExperimental: false });
  });

  test('all others are experimental', async () => {
    const others = (await listDevices()).slice(1);
    expect(others.map(({ name, isExperimental }) => [name, isExperimental])).toEqual([
      ['webgpu', true],
      ['cuda', true],
    ]);
  });
});

describe('resolveDevice', () => {
  test('cpu is always there', async () => {
    expect(await resolveDevice('cpu')).toBe('cpu');
  });

  test('each installed device resolves, and each other one is a DeviceError with what to install', async () => {
    for (const { name, isInstalled } of await listDevices()) {
      if (isInstalled) expect(await resolveDevice(name)).toBe(name);
      else await expect(resolveDevice(name)).rejects.toThrow(/got a device whose library is not installed; \w+install/);
    }
  });

  test('an unknown device is an error with exit code 2 that lists what is there', async () => {
    const error = await resolveDevice('tpu').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DeviceError);
    expect(error).toMatchObject({ exitCode: 2, where: "device 'tpu'", got: 'an unknown device' });
    expect((error as DeviceError).wanted).toMatch(/^one of cpu\b/);
    await expect(resolveDevice('constructor')).rejects.toThrow(DeviceError);
  });
});
