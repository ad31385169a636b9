/** @file What of a processor decides how sums are rounded: the instructions by which ONNX Runtime chooses its kernels. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import process from 'node:process';

/** Of x64 and of ARM, as Linux calls them. */
const INSTRUCTIONS = [
  'avx2',
  'fma',
  'avx512f',
  'avx512_vnni',
  'avx_vnni',
  'amx_tile',
  'asimddp',
  'i8mm',
  'bf16',
  'sve',
];

/** `x64 avx2 fma avx512f`; where the system does not name instructions, the name of the processor stands for them. */
export function processorFamily(cpuinfo: string | undefined = readCpuinfo()): string {
  const flags = /^(?:flags|Features)\s*:(.*)$/m
    .exec(cpuinfo ?? '')?.[1]
    ?.trim()
    .split(' ');
  const found = flags && INSTRUCTIONS.filter((name) => flags.includes(name));
  return [process.arch, ...(found ?? [process.platform, os.cpus()[0]?.model.trim() ?? 'unknown'])].join(' ');
}

function readCpuinfo(): string | undefined {
  try {
    return readFileSync('/proc/cpuinfo', 'latin1');
  } catch {
    return undefined;
  }
}
