import { connect, createServer, type Server, type Socket } from 'node:net';

export type ReplyLosingProxy = {
  readonly url: string;
  /** The next command is done, and its connection cut in place of the reply. */
  loseReply(): void;
  close(): void;
};

/** Between a client and a server on a port of this machine. */
export async function replyLosingProxy(port: number): Promise<ReplyLosingProxy> {
  let isLosing = false;
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (bytes) => upstream.write(bytes));
    upstream.on('data', (bytes) => {
      if (isLosing) {
        isLosing = false;
        client.destroy();
      } else client.write(bytes);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()));
  const address = server.address();
  return {
    url: `redis://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    loseReply: () => {
      isLosing = true;
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
