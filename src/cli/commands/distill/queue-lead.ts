/** @file `retort distill --queue`: what it opens, and what it hands to the experiment. */
import { join } from 'node:path';
import process from 'node:process';
import { type QueueLead, queueLead } from '../../../experiments/sharing/queue-lead.js';
import { WORK } from '../../../experiments/sharing/sharing.js';
import { makeFolder } from '../../../files/make-folder.js';
import type { BlobStore } from '../../../queue/blob.js';
import { serveBlobs } from '../../../queue/blob-server.js';
import { openBlobStore } from '../../../queue/blob-store.js';
import { openConnection } from '../../../queue/connection.js';
import { TOKEN_VARIABLE } from '../../../queue/store-token.js';
import type { CommandIo } from '../../command.js';

const STORE = 'store';

type Asked = { readonly queue: string; readonly store?: string | undefined; readonly cwd: string };

export type OpenedLead = QueueLead & {
  /** The `--store` of workers on this machine. */
  readonly storeHere: () => string;
};

/** @throws OptionError for a URL that is none, a missing package or a missing token; OutputError for a server that is away. */
export async function openLead(
  { queue, store, cwd }: Asked,
  io: Pick<CommandIo, 'onNotice' | 'say'>,
): Promise<OpenedLead> {
  const connection = await openConnection(queue, { onNotice: io.onNotice });
  let here = '';
  let close = async () => {};
  const openStore = async (outputDir: string): Promise<BlobStore> => {
    const isServed = store !== undefined && /^https?:\/\//u.test(store);
    here = store === undefined || isServed ? join(outputDir, WORK, STORE) : store;
    if (here !== store) await makeFolder(here);
    if (isServed) {
      const { hostname, port } = new URL(store);
      const token = process.env[TOKEN_VARIABLE] ?? '';
      const served = await serveBlobs({ folder: here, host: hostname, port: Number(port || 80), token });
      close = () => served.close();
    }
    return openBlobStore(here);
  };
  const lead = queueLead({
    ...{ connection, openStore, queue: withoutSecrets(queue), cwd },
    onProgress: (text) => io.say(text),
  });
  return {
    ...lead,
    storeHere: () => here,
    end: async (isDone) => {
      await lead.end(isDone);
      await close();
      await connection.close();
    },
  };
}

/** For a file that others may read. */
function withoutSecrets(text: string): string {
  const url = new URL(text);
  url.password = '';
  return url.href;
}
