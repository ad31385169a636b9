import { formatCount } from '../errors/number-text.js';
import type { DownloadProgress } from '../hub/download.js';
import type { TrainingEvent } from '../training/run/events.js';
import { LabellingLines, type LabellingView } from './labelling-lines.js';
import { formatDuration, formatMegabytes, formatMetric, formatSeconds } from './numbers.js';
import { type Colors, DEFAULT_COLUMNS, shownLine, shownText, type TextStream } from './terminal.js';

/** Shows the events of a run while it goes on. */
export type Progress = {
  readonly onEvent: (event: TrainingEvent) => void;
  readonly onDownload: (model: string, progress: DownloadProgress) => void;
  readonly onLabelling: (teacher: string, view: LabellingView) => void;
  /** Writes a line of the command's own, above a bar. */
  readonly print: (line: string) => void;
  /** Takes a bar off the terminal; harmless if there is none. */
  readonly close: () => void;
};

export type ProgressOptions = {
  readonly isQuiet: boolean;
  readonly colors: Colors;
  /** Only the bar and the notices: for a command of several runs, which has lines of its own for each. */
  readonly isBrief?: boolean;
  /** A terminal that cannot move its cursor (TERM=dumb) gets plain lines. */
  readonly isDumb?: boolean;
  /** Milliseconds, monotonic; the rate of steps so far gives the time left. */
  readonly now?: () => number;
};

/** What the bar shows. */
export type ProgressView = {
  readonly step: number;
  readonly totalSteps: number;
  readonly epoch: number;
  readonly epochs: number;
  /** The stage of the method, where it has several. */
  readonly phase?: string | undefined;
  readonly loss: number;
  readonly rowsPerSecond: number;
  /** Undefined until there is a rate to extrapolate. */
  readonly secondsLeft: number | undefined;
};

const REDRAW_MS = 100;
const BAR_COLUMNS = { min: 6, max: 30 };
const USUAL_RATE_COLUMNS = '999,999 rows/s'.length;

/**
 * A bar under the lines on a terminal, the lines alone (one an epoch) in a pipe or file, nothing with `--quiet`.
 * Draws on the stream it is given, which should be stderr: stdout belongs to results.
 */
export async function createProgress(stream: TextStream, options: ProgressOptions): Promise<Progress> {
  if (options.isQuiet) {
    return { onEvent: () => {}, onDownload: () => {}, onLabelling: () => {}, print: () => {}, close: () => {} };
  }
  const { onEvent, onDownload, onLabelling, print, close } = await plainProgress(stream, options);
  // Here alone text comes in, and the colours of lines are ours and put on later.
  return {
    onEvent: (event) => onEvent(event.type === 'step' ? event : shownWithin(event)),
    onDownload: (model, progress) => onDownload(shownLine(model), progress),
    onLabelling: (teacher, view) => onLabelling(shownLine(teacher), view),
    print: (line) => print(shownText(line)),
    close,
  };
}

/** The same value with each of its strings, and names of numbers, as it may be shown. */
function shownWithin<T>(value: T): T {
  const shown = (one: unknown): unknown => {
    if (typeof one === 'string') return shownText(one);
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([key, inner]) => [shownText(key), shown(inner)]));
  };
  return shown(value) as T;
}

async function plainProgress(stream: TextStream, options: ProgressOptions): Promise<Progress> {
  const now = options.now ?? (() => performance.now());
  const lines = new RunLines(options.colors, options.isBrief === true);
  if (stream.isTTY !== true || options.isDumb === true) {
    const labelling = new LabellingLines(now);
    return {
      onEvent: (event) => {
        for (const line of lines.take(event)) stream.write(`${line}\n`);
      },
      onDownload: (model, progress) => {
        for (const line of lines.takeDownload(model, progress)) stream.write(`${line}\n`);
      },
      onLabelling: (teacher, view) => {
        for (const line of labelling.take(teacher, view, true)) stream.write(`${line}\n`);
      },
      print: (line) => stream.write(`${line}\n`),
      close: () => {},
    };
  }
  return barProgress(stream, lines, now);
}

async function barProgress(stream: TextStream, lines: RunLines, now: () => number): Promise<Progress> {
  const { MultiBar } = await import('cli-progress');
  const labelling = new LabellingLines(now);
  let view: ProgressView | undefined;
  /** What the bar is at the moment, in so many columns. */
  let draw: (columns: number) => string = () => '';
  let startedAt = 0;
  let firstStep = 0;
  let drawnAt = 0;
  let bars: InstanceType<typeof MultiBar> | undefined;

  const open = (total: number, value: number) => {
    // MultiBar, though there is one bar: it alone can write lines above.
    bars = new MultiBar({
      stream,
      format: () => draw((stream.columns ?? DEFAULT_COLUMNS) - 1),
      fps: 1000 / REDRAW_MS,
      clearOnComplete: true,
      forceRedraw: true,
      // The bar fits the width by itself, and a killed process must not leave the terminal in another mode.
      linewrap: true,
    });
    bars.create(total, value);
  };
  const close = () => {
    if (bars?.isActive) bars.stop();
    bars = undefined;
  };
  /** The bar's own timer is late when the work leaves the event loop little room. */
  const redrawIfDue = (time: number) => {
    if (time - drawnAt < REDRAW_MS) return;
    drawnAt = time;
    bars?.update();
  };
  const print = (line: string) => {
    if (bars === undefined) {
      stream.write(`${line}\n`);
    } else {
      bars.log(`${line}\n`);
      bars.update();
    }
  };

  return {
    close,
    print,
    onDownload: (model, progress) => {
      for (const line of lines.takeDownload(model, progress)) print(line);
      draw = (columns) => downloadLine(model, progress, columns);
      if (progress.bytes >= progress.totalBytes) close();
      else if (bars === undefined) open(progress.totalBytes, progress.bytes);
      redrawIfDue(now());
    },
    onLabelling: (teacher, progress) => {
      for (const line of labelling.take(teacher, progress, false)) print(line);
      draw = (columns) =>
        besideBar(labelling.fraction, labelling.text(), columns) ?? labelling.text().slice(0, Math.max(0, columns));
      if (progress.done >= progress.total) close();
      else if (bars === undefined) open(progress.total, progress.done);
      redrawIfDue(now());
    },
    onEvent: (event) => {
      if (event.type === 'start' || event.type === 'end') close();
      for (const line of lines.take(event)) print(line);
      if (event.type === 'strength') {
        const { tried, of, strength } = event;
        draw = (columns) => besideBar(tried / of, `strength ${strength}`, columns) ?? '';
        if (bars === undefined) open(of, tried);
        redrawIfDue(now());
      } else if (event.type === 'start' && event.totalSteps > 0) {
        const { totalSteps, epochs, phase } = event;
        firstStep = event.resumedAtStep ?? 0;
        startedAt = now();
        const unknown = { loss: NaN, rowsPerSecond: NaN, secondsLeft: undefined };
        view = { step: firstStep, totalSteps, epoch: 1, epochs, phase: phase?.name, ...unknown };
        draw = (columns) => (view === undefined ? '' : progressLine(view, columns));
        open(totalSteps, firstStep);
      } else if (event.type === 'step' && view !== undefined) {
        const time = now();
        const secondsPerStep = (time - startedAt) / 1000 / (event.step - firstStep);
        const { step, totalSteps, epoch, loss, rowsPerSecond } = event;
        const secondsLeft = secondsPerStep * (totalSteps - step);
        view = { ...view, step, totalSteps, epoch, loss, rowsPerSecond, secondsLeft };
        redrawIfDue(time);
      }
    },
  };
}

/** One line of at most `columns` characters: the most telling parts that fit, and a bar in what is left. */
export function progressLine(view: ProgressView, columns: number): string {
  const fraction = view.totalSteps === 0 ? 1 : Math.min(1, view.step / view.totalSteps);
  const percent = `${String(Math.floor(fraction * 100)).padStart(3)} %`;
  const left = view.secondsLeft === undefined ? '' : `${formatDuration(view.secondsLeft)} left`;
  const rate = Number.isFinite(view.rowsPerSecond) ? `${formatCount(Math.round(view.rowsPerSecond))} rows/s` : '';
  const loss = Number.isFinite(view.loss) ? `loss ${view.loss.toFixed(4)}` : '';
  const epoch = `${view.phase ?? 'epoch'} ${view.epoch}/${view.epochs}`;
  const layouts = [
    [epoch, percent, left, rate, loss],
    [epoch, percent, left, rate],
    [percent, left, rate],
    [percent, left],
    [percent],
  ];
  for (const layout of layouts) {
    const text = layout.filter((part) => part !== '').join('  ');
    // Room for the longest usual rate, so that a line keeps its layout while the rate goes up and down.
    const spare = layout.includes(rate) ? Math.max(0, USUAL_RATE_COLUMNS - rate.length) : 0;
    const line = besideBar(fraction, text, columns - spare);
    if (line !== undefined) return line;
  }
  return percent.slice(0, Math.max(0, columns));
}

/** A bar and a text of at most `columns` characters; undefined where there is no room for a bar. */
function besideBar(fraction: number, text: string, columns: number): string | undefined {
  const room = columns - text.length - 2;
  if (room < BAR_COLUMNS.min) return undefined;
  const width = Math.min(room, BAR_COLUMNS.max);
  const filled = Math.round(fraction * width);
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)}  ${text}`;
}

function downloadLine(model: string, { bytes, totalBytes }: DownloadProgress, columns: number): string {
  const done = `${(bytes / 1e6).toFixed(1)} of ${formatMegabytes(totalBytes)}`;
  const fraction = totalBytes === 0 ? 1 : bytes / totalBytes;
  return besideBar(fraction, `${model}  ${done}`, columns) ?? done.slice(0, Math.max(0, columns));
}

/** Turns events into lines: one when a run starts, one for each epoch, one at the end, and the notices. */
class RunLines {
  readonly #colors: Colors;
  readonly #isBrief: boolean;
  #epochs: number | undefined;
  /** What an epoch is called: by the stage of a method that has several. */
  #stage = 'epoch';
  #epoch: number | undefined;
  #loss: number | undefined;
  #scores: string[] = [];
  #test: string | undefined;
  #lastPath: string | undefined;
  #downloading: string | undefined;
  /** Of the warnings: a teacher that is trained first and its student find the same in the data that both read. */
  readonly #told = new Set<string>();

  constructor(colors: Colors, isBrief: boolean) {
    this.#colors = colors;
    this.#isBrief = isBrief;
  }

  /** One line when a download starts and one when it has ended. */
  takeDownload(model: string, { bytes, totalBytes }: DownloadProgress): readonly string[] {
    const isNew = this.#downloading !== model;
    const begun = isNew ? [`downloading ${model}: ${formatMegabytes(totalBytes)}`] : [];
    if (bytes < totalBytes) {
      this.#downloading = model;
      return begun;
    }
    this.#downloading = undefined;
    return isNew ? [] : [`downloaded ${model}`];
  }

  #warning({ name, text, fix }: Extract<TrainingEvent, { type: 'warning' }>): readonly string[] {
    const line = `${this.#colors.yellow(`warning (${name}):`)} ${text}`;
    if (this.#told.has(line)) return [];
    this.#told.add(line);
    return [line, `  → ${fix}`];
  }

  take(event: TrainingEvent): readonly string[] {
    if (this.#isBrief && event.type !== 'notice' && event.type !== 'warning') return [];
    switch (event.type) {
      case 'notice':
        return [`${this.#colors.yellow('note:')} ${event.text}`];
      case 'warning':
        return this.#warning(event);
      case 'terms':
      case 'strength':
        return [];
      case 'start': {
        this.#epochs = event.epochs;
        this.#stage = event.phase?.name ?? 'epoch';
        this.#clearEpoch(undefined);
        this.#test = undefined;
        this.#lastPath = undefined;
        const resumed = event.resumedAtStep ? `, resumed after step ${formatCount(event.resumedAtStep)}` : '';
        const size = `${formatCount(event.parameters)} parameters, ${formatCount(event.trainRows)} rows`;
        const epochs = `${event.epochs} epoch${event.epochs === 1 ? '' : 's'}`;
        if (event.totalSteps === 0) return [`fitting: ${size}, by the convex solver`];
        const { phase } = event;
        const what = phase === undefined ? 'training' : `${phase.name}, ${phase.number} of ${phase.of}`;
        return [`${what}: ${size}, ${formatCount(event.totalSteps)} steps in ${epochs}${resumed}`];
      }
      case 'step': {
        const done = event.epoch === this.#epoch ? [] : this.#closeEpoch();
        if (event.epoch !== this.#epoch) this.#clearEpoch(event.epoch);
        // Not every step has an event, so the mean is taken where all are seen.
        this.#loss = event.epochLoss ?? event.loss;
        return done;
      }
      case 'evaluation': {
        this.#scores.push(`${event.split} ${metricsText(event.metrics)}`);
        return [];
      }
      case 'test':
        this.#test = `${event.split} ${metricsText(event.metrics)}`;
        return [];
      case 'checkpoint':
        if (event.kind === 'last') this.#lastPath = event.path;
        return [];
      default: {
        const tested = this.#test === undefined ? [] : [this.#test];
        if (event.steps === 0) {
          const saved = this.#lastPath === undefined ? [] : [`saved: ${this.#lastPath}`];
          return [...this.#scores, ...tested, `done: fitted in ${formatSeconds(event.seconds)}`, ...saved];
        }
        const done = [...this.#closeEpoch(), ...tested];
        const early = event.stoppedEarly ? ', stopped early' : '';
        done.push(`done: ${formatCount(event.steps)} steps in ${formatSeconds(event.seconds)}${early}`);
        if (this.#lastPath !== undefined) done.push(`saved: ${this.#lastPath}`);
        this.#clearEpoch(undefined);
        return done;
      }
    }
  }

  #closeEpoch(): readonly string[] {
    if (this.#epoch === undefined) return [];
    const parts = [`${this.#stage} ${this.#epoch}/${this.#epochs ?? '?'}`];
    if (this.#loss !== undefined) parts.push(`loss ${this.#loss.toFixed(4)}`);
    return [[...parts, ...this.#scores].join('  ')];
  }

  #clearEpoch(epoch: number | undefined): void {
    this.#epoch = epoch;
    this.#loss = undefined;
    this.#scores = [];
  }
}

function metricsText(metrics: Readonly<Record<string, number>>): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${formatMetric(name, value)}`)
    .join(' ');
}
