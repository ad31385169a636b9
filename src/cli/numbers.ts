import { isJudgedMetric, METRICS } from '../metrics/table.js';
import { timeRange } from '../training/estimate/time-range.js';

/** 91600000 -> "91.6 MB", 35200 -> "35 kB" */
export function formatMegabytes(bytes: number): string {
  if (bytes < 1e5) return `${Math.round(bytes / 1e3)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** 1234567890 -> "1.2 GB", 412345678 -> "412 MB", 400000 -> "0.4 MB". */
export function formatSize(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

/** 0.42 -> "0.42 s", 3.14159 -> "3.1 s", 75 -> "1:15". */
export function formatSeconds(seconds: number): string {
  if (seconds >= 59.95) return formatDuration(seconds);
  return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`;
}

/**
 * Of seconds that were estimated, as every place shows them: "4:10 to 6:20", "8.1 to 12.5 s". Rounded inwards, so that the
 * ends are no further apart than was estimated.
 */
export function formatTimeRange(seconds: number): string {
  const { low, high } = timeRange(seconds);
  const inTenths = high < 60;
  const step = inTenths ? 0.1 : high < 3600 ? 1 : 60;
  const first = Math.ceil(low / step - TINY) * step;
  const last = Math.max(first, Math.floor(high / step + TINY) * step);
  const shown = (value: number) => (inTenths ? value.toFixed(1) : formatDuration(value));
  const unit = inTenths ? ' s' : '';
  return first === last ? `${shown(first)}${unit}` : `${shown(first)} to ${shown(last)}${unit}`;
}

/** What division leaves of a whole number. */
const TINY = 1e-9;

/** Minutes and seconds, with hours in front when there are any: 75 -> "1:15". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Shares, of a task too (`rte.accuracy`), read as percentages; what has no unit keeps four significant digits. */
export function formatMetric(name: string, value: number): string {
  const metric = name.slice(name.lastIndexOf('.') + 1);
  return isJudgedMetric(metric) && METRICS[metric].unit !== '' ? `${(100 * value).toFixed(2)} %` : value.toPrecision(4);
}

/** `accuracy 91.20 %, loss 0.2345`. */
export function metricsText(metrics: Readonly<Record<string, number>>): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${formatMetric(name, value)}`)
    .join(', ');
}
