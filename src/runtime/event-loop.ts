/** @file A turn of the event loop, for timers, messages and signals. */

type Port = { postMessage(message: null): void; onmessage: (() => void) | null; close(): void };
type Platform = {
  readonly setImmediate?: (done: () => void) => void;
  readonly MessageChannel: new () => { readonly port1: Port; readonly port2: Port };
};

const platform = globalThis as unknown as Platform;

/** Resolves once the loop has come round. Browsers have no `setImmediate`, and hold timers back by 4 ms. */
export function turnOfTheEventLoop(): Promise<void> {
  return new Promise((done) => {
    if (platform.setImmediate !== undefined) {
      platform.setImmediate(done);
      return;
    }
    const { port1, port2 } = new platform.MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(null);
  });
}
