/** @file `retort augment`. */
import { augment } from '../../../augment/augment.js';
import type { PoolProgress } from '../../../augment/pool-file.js';
import { formatCount } from '../../../errors/number-text.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { formatDuration, formatSeconds } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import type { augmentUsage } from './usage.js';

const SAY_SECONDS = 10;

export async function augmentTexts(
  options: OptionValues<typeof augmentUsage.options>,
  io: CommandIo,
): Promise<CommandOutput> {
  const { status, texts, rows, path } = await augment({
    ...options,
    onNotice: io.onNotice,
    onDownload: io.onDownload,
    onProgress: sayer(io),
    get signal() {
      return io.interruption();
    },
  });
  const what = `${formatCount(texts)} texts of ${formatCount(rows)} rows`;
  return {
    text: `${what}${status === 'already-made' ? ', made already from the same inputs' : ''}\nsaved    ${path}`,
    json: { status, method: options.method, rows, texts, file: path },
  };
}

/** Says how far the work is, every so many seconds. */
function sayer(io: CommandIo): (progress: PoolProgress) => void {
  let saidAt = 0;
  return ({ rows, totalRows, resumedAtRow, texts, seconds }) => {
    if (saidAt === 0 && resumedAtRow > 0) io.say(`continues at row ${formatCount(resumedAtRow + 1)}`);
    if (rows < totalRows && seconds - saidAt < SAY_SECONDS) return;
    saidAt = seconds;
    const rate = (rows - resumedAtRow) / seconds;
    const left = rows < totalRows && rate > 0 ? `, about ${formatDuration((totalRows - rows) / rate)} left` : '';
    io.say(
      `${formatCount(rows)} of ${formatCount(totalRows)} rows, ${formatCount(texts)} texts, ` +
        `${rate < 10 ? rate.toFixed(1) : formatCount(Math.round(rate))} rows/s, ${formatSeconds(seconds)}${left}`,
    );
  };
}
