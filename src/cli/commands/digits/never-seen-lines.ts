/** @file The primer's second act on the terminal. */
import { formatCount } from '../../../errors/number-text.js';
import type { NeverSeen } from '../../../experiments/experiment-record.schema.js';
import { asJson } from '../../../files/fingerprint.js';
import type { Json } from '../../../options/json.js';
import { foldWords } from '../../fold-words.js';
import { renderTable } from '../../table.js';

/** What is about to be trained. */
export function neverSeenStart(digit: number, seeds: number): string {
  const over = seeds === 1 ? 'one seed' : `${seeds} seeds`;
  return `never-seen: a teacher, then six students on ${over}, five of which never see a ${digit}`;
}

export function neverSeenText(found: NeverSeen, columns: number): string {
  const { digit, images, teacher, arms, headline, gains } = found;
  const fold = (text: string) => foldWords(text.split(' '), columns);
  const rows = arms.map(({ name, all, digit: own }) => [
    name,
    all.mean.toFixed(2),
    all.sd?.toFixed(2) ?? '-',
    own.mean.toFixed(1),
    own.sd?.toFixed(1) ?? '-',
  ]);
  const verdicts = [gains.all[0], gains.digit[0]].flatMap((gain, i) =>
    gain
      ? fold(`${headline.arm} over ${headline.over}, ${i === 0 ? 'all images' : `the ${digit}s`}: ${gain.text}`)
      : [],
  );
  return [
    ...fold(
      `Students that never saw a ${digit}: ${formatCount(images.others)} images, no labels, a teacher that knows all digits ` +
        `(${teacher.score.toFixed(1)} %; it calls ${formatCount(teacher.called)} of these images a ${digit}).`,
    ),
    '',
    renderTable(['learns from', 'all %', 'sd', `${digit}s %`, 'sd'], rows, columns),
    '',
    ...verdicts,
  ].join('\n');
}

/** Without the pictures. */
export function neverSeenJson({ examples: _examples, ...found }: NeverSeen): Json {
  return asJson(found);
}
