/** @file Asking one question until its replies amount to an answer, or to none for good. */
import type { OutsideAdapter, OutsideQuestion, Standing, Tokens, Why } from './outside.js';
import type { Reply } from './outside-reply.schema.js';

/** Where a request is paid from, and its reply is kept: by one process, or for all that share an ask. */
export type ReplyKeeper<R> = {
  /** Holds back what a request can cost at most. @throws where it could pass a limit */
  reserve(most: Tokens): Promise<R>;
  /** Keeps a reply, and counts what it cost in the place of what was held back. */
  keep(reply: Reply, reserved: R): Promise<void>;
  /** Ends a request that has no reply. */
  release(reserved: R): void | Promise<void>;
};

export type AskedHow<R> = {
  readonly model: string;
  readonly why?: Why | undefined;
  /** What the replies to the question amount to now. */
  readonly standing: () => Standing;
  readonly keeper: ReplyKeeper<R>;
  readonly stop: AbortSignal;
};

/** @throws EndpointError as the adapter, and whatever the keeper throws. */
export async function askUntilRead<R>(
  adapter: OutsideAdapter,
  question: OutsideQuestion,
  { model, why, standing, keeper, stop }: AskedHow<R>,
): Promise<void> {
  for (let now = standing(); now.kind === 'open'; now = standing()) {
    const { most, send } = adapter.request(question, now.draws, now.part);
    const reserved = await keeper.reserve(most);
    const said = await send(stop).catch(async (error: unknown) => {
      await keeper.release(reserved);
      throw error;
    });
    if (said === undefined) {
      await keeper.release(reserved);
      continue;
    }
    const { key, text, pair } = question;
    const reply: Reply = { key, model, text, ...(pair !== undefined && { pair }), ...(why && { why }), ...said };
    await keeper.keep(reply, reserved);
    adapter.notice?.(reply);
  }
}
