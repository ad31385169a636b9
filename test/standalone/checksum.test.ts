import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checksumModule } from '../../src/export/checksum-module.js';
import { checkedBytes } from '../../src/standalone/checksum.js';

const module = new Int8Array(checksumModule().buffer);
const checksumOf = (texts: readonly string[]): number => checkedBytes(texts).checksum;

describe('checkedBytes', () => {
  test('any one changed character, a section that ends elsewhere, and one that is missing are noticed', () => {
    const texts = ['facts of 20 characters', 'x'.repeat(50), ''];
    const whole = checksumOf(texts);
    for (const [which, text] of texts.entries()) {
      for (let at = 0; at < text.length; at++) {
        const other = String.fromCharCode(text.charCodeAt(at) ^ 1);
        expect(checksumOf(texts.with(which, text.slice(0, at) + other + text.slice(at + 1)))).not.toBe(whole);
      }
    }
    expect(checksumOf(['facts of 20 characters', 'x'.repeat(49), 'x'])).not.toBe(whole);
    expect(checksumOf(texts.slice(0, 2))).not.toBe(whole);
  });

  test('bytes are UTF-8, with and without the WebAssembly module, whose checksum is the same', () => {
    const text = fc.string({ unit: 'binary', maxLength: 200 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 5 }), (texts) => {
        const found = [undefined, module, new Int8Array(8)].map((one) => checkedBytes(texts, one));
        for (const { bytes, checksum } of found) {
          // Witness: TextEncoder.encode.
          expect(bytes.map((one) => [...one])).toEqual(texts.map((one) => [...new TextEncoder().encode(one)]));
          expect(checksum).toBe(found[0]?.checksum);
        }
      }),
    );
    const long = ['', 'a long text of many blocks'.repeat(9999), '日本'];
    expect(checkedBytes(long, module).checksum).toBe(checksumOf(long));
  });

  test('blocks are read by the module where there is one', () => {
    // One that is compiled for other numbers gives another checksum: a changed constant of it.
    const other = module.slice();
    const prime = other.findIndex((byte, i) => byte === 0x41 && other[i + 1] === (0x93 << 24) >> 24);
    other[prime + 1] = (0x95 << 24) >> 24;
    expect(checkedBytes(['x'.repeat(32)], other).checksum).not.toBe(checksumOf(['x'.repeat(32)]));
  });
});
