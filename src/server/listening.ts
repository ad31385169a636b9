import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OutputError } from '../errors/failures.js';

type Place = {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** For the message: the flag of another port. */
  readonly instead: string;
  /** What to do where it is not taken, and cannot be had all the same. */
  readonly fix?: string;
};

/** Starts to listen. @throws OutputError for an address that is taken or cannot be had. */
export function listening(server: Server, { host, port, instead, fix }: Place): Promise<AddressInfo> {
  const another = `choose another: ${instead}, or --port 0 for any that is free`;
  return new Promise((done, fail) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === 'EADDRINUSE';
      fail(
        new OutputError({
          where: `${host}:${port}`,
          wanted: 'an address to listen at',
          got: isTaken ? 'one that another program listens at' : cause.message,
          fix: isTaken ? another : (fix ?? another),
          cause,
        }),
      );
    });
    server.listen(port, host, () => done(server.address() as AddressInfo));
  });
}
