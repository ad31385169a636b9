import { describe, expect, test } from 'vitest';
import { asJson, comparable, expectSame, fingerprint, firstDifference } from '../../src/files/fingerprint.js';

describe('fingerprint', () => {
  test('holds every option, but those that are named as deciding nothing', () => {
    const options = {
      rate: 0.1,
      madeUp: { of: [1, 'two', null] },
      outputDir: 'here',
      onEvent: () => {},
      unset: undefined,
    };
    expect(comparable(options)).toEqual({ rate: 0.1, madeUp: { of: [1, 'two', null] } });
    expect(fingerprint(options).numerics).toEqual({ arithmetic: 1, onnxruntime: expect.stringMatching(/^\d+\.\d+/) });
  });

  test('takes what is described in the place of what is given, and behind all that is plain', () => {
    const described = comparable(
      { teacher: () => {}, weights: new Float32Array(2), seed: 1 },
      { teacher: 'hash', weights: undefined },
    );
    expect(Object.entries(described)).toEqual([
      ['seed', 1],
      ['teacher', 'hash'],
    ]);
  });

  // JSON writes both as null, and two rates of which one is none would be the same.
  test('tells numbers apart that JSON does not', () => {
    expect(comparable({ rate: Number.NaN })).not.toEqual(comparable({ rate: Number.POSITIVE_INFINITY }));
  });

  test.each([
    [
      'a function',
      { method: { options: { layers: () => 1 } } },
      "option 'method.options.layers': wanted plain values (numbers, strings, lists",
      'got a function',
    ],
    ['an object of a class', { rates: new Map() }, "option 'rates'", 'got Map'],
    ['numbers in a row of memory', { rates: [new Float32Array(1)] }, "option 'rates.0'", 'got Float32Array'],
  ])('refuses %s, which cannot be written down', (_, options, ...messages) => {
    for (const message of messages) expect(() => fingerprint(options)).toThrow(message);
  });
});

describe('expectSame', () => {
  const then = asJson({ model: { config: { hidden: [4, 2] } }, seed: 1, maxSteps: undefined });

  test('equal options pass, whatever the order of their keys', () => {
    expect(() => expectSame('out', then, asJson({ seed: 1, model: { config: { hidden: [4, 2] } } }))).not.toThrow();
  });

  test.each([
    [
      { model: { config: { hidden: [4, 3] } }, seed: 1 },
      'model.config.hidden: wanted [4,2], as at the start, got [4,3]',
    ],
    [{ model: { config: { hidden: [4, 2] } }, seed: 2 }, 'seed: wanted 1, as at the start, got 2'],
    [{ model: { config: { hidden: [4, 2] } }, seed: 1, maxSteps: 5 }, 'maxSteps: wanted none, as at the start, got 5'],
    [{ model: { config: {} }, seed: 1 }, 'model.config.hidden: wanted [4,2], as at the start, got none'],
  ])('%j is refused by name', (now, message) => {
    expect(() => expectSame('out', then, asJson(now))).toThrow(`out: resuming with another ${message}`);
  });

  test('the first difference of equal values is none', () => {
    expect(firstDifference({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toBeUndefined();
  });
});
