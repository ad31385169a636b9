/** @file `retort playground`. */
import { formatCount } from '../../../errors/number-text.js';
import { serveSite } from '../../../site/serve-site.js';
import { playgroundSite } from '../../../site/site.js';
import { RUNTIME_PACKAGE } from '../../../site/web-runtime-files.js';
import { writeSite } from '../../../site/write-site.js';
import { aborted } from '../../aborted.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { formatMegabytes } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import type { playgroundUsage } from './usage.js';

type Options = OptionValues<typeof playgroundUsage.options>;

export async function openPlayground(options: Options, io: CommandIo): Promise<CommandOutput> {
  const { outputDir, port, json } = options;
  const site = await playgroundSite(options);
  if (site.runtime === undefined) {
    io.onNotice(`${RUNTIME_PACKAGE} is not installed here, so the page cannot train: npm install ${RUNTIME_PACKAGE}`);
  }
  if (outputDir !== undefined) {
    const { files, bytes } = await writeSite(site, outputDir);
    const text = `wrote ${formatCount(files)} files, ${formatMegabytes(bytes)}, to ${outputDir}`;
    return { text, json: { outputDir, files, bytes, canTrain: site.runtime !== undefined } };
  }
  const served = await serveSite(site, { port, onFault: io.onNotice });
  const stop = io.interruption();
  io.say('open this address in a browser of this machine; Ctrl-C ends it');
  // The one line of stdout, for whoever started it with --port 0.
  await io.write(json ? `${JSON.stringify({ url: served.url })}\n` : `${served.url}\n`);
  await aborted(stop);
  await served.close();
  return { text: 'closed', json: { closed: true } };
}
