import { expect, test, vi } from 'vitest';

// witness: by hand. softsign of −1, 1/2, 3 is −1/2, 1/3, 3/4; the errors are −1/2, 1/3, −1/4, so the loss is near
// 13/36 and the slope sign(error) / 3 · 1 / (1 + |x|)²: −1/12, 4/27, −1/48.
test('examples/own-op.ts defines an op and a loss, checks the op, prints the loss and its gradient', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await import('../../examples/own-op.js');
    expect(log.mock.calls.flat()).toEqual([
      'softsign: the gradient is right',
      'loss: 0.3611',
      'gradient: -0.0833 0.1481 -0.0208',
    ]);
  } finally {
    log.mockRestore();
  }
});
