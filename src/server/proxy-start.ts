/** @file What a proxy starts from: upstream, the certificate of the student if there is one, and the log of what was before. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  CERTIFICATE_FILE,
  certificateMismatches,
  readCertificate,
  type StudentIdentity,
} from '../certificates/certificate.js';
import type { Certificate } from '../certificates/certificate.schema.js';
import { needsOthers } from '../certificates/certified-score.js';
import { OptionError } from '../errors/failures.js';
import { isThere } from '../files/path-entry.js';
import { exportAt } from '../inference/load.js';
import { termsOf, termsSaid } from '../teachers/terms.js';
import { AcceptedKeys } from './accepted-keys.js';
import { type ProxyParts, StudentProxy } from './proxy.js';
import type { ServeOptions } from './serve-settings.js';
import { type AuditState, type Bounds, STREAMS, type Stream, TrafficLog } from './traffic-log.js';
import { Upstream } from './upstream.js';

export type Proxied = { readonly proxy: StudentProxy; readonly standing: readonly string[] };

const DEFAULTS = { upstreamTimeout: 30, calibrationShare: 0, auditShare: 0.05, logDays: 30 } as const;

/**
 * @returns undefined without an upstream
 * @throws OptionError for an address that is none, or keys that do not fit; OutputError where another process has the log;
 *   FileError for a certificate or an audit that is damaged.
 */
export async function proxyOf(
  options: ServeOptions,
  parts: Pick<ProxyParts, 'student' | 'served' | 'metrics' | 'onNotice'>,
): Promise<Proxied | undefined> {
  const { upstream: url, upstreamKey, apiKey, textField, logTexts = false } = options;
  if (url === undefined) return undefined;
  const { upstreamTimeout = DEFAULTS.upstreamTimeout, logDays: days = DEFAULTS.logDays } = options;
  const { calibrationShare = DEFAULTS.calibrationShare, auditShare = DEFAULTS.auditShare } = options;
  if (apiKey !== undefined && upstreamKey === undefined) {
    throw new OptionError({
      where: 'apiKey',
      wanted: 'a key for upstream, since the one that callers send is of this server',
      got: 'none',
      fix: 'name the variable that has it: --upstream_key_env NAME',
    });
  }
  const { student } = parts;
  if (student.labels.length === 1) {
    throw new OptionError({
      where: 'upstream',
      wanted: 'a student of labels, which can be compared and certified',
      got: `${student.name}, which gives a value`,
      fix: 'serve it alone, or train one on labels of levels',
    });
  }
  const upstream = new Upstream({ url, apiKey: upstreamKey, timeoutMs: upstreamTimeout * 1000 });
  const { certificate, why } = await certificateOf(options.student, student.identity);
  const folder = options.logDir ?? join('outputs', `serve-${student.name}`);
  const bounds = certificate === undefined ? {} : boundsOf(certificate);
  const named = certificate && { id: idOf(certificate), bounds };
  const log = await TrafficLog.open({ folder, days, certificate: named, onNotice: parts.onNotice });
  const proxy = new StudentProxy({
    ...{ ...parts, upstream, log, certificate, textField, calibrationShare, auditShare, logTexts },
    keys: new AcceptedKeys(),
  });
  return {
    proxy,
    standing: [
      certificate === undefined
        ? `shadow mode: every request goes upstream, and the student is compared with it (${why})`
        : certificateText(certificate, bounds),
      ...auditTexts(log.state, bounds),
      `log       ${folder}, requests for ${days} days, ${logTexts ? 'with their texts' : 'without their texts (--log_texts keeps them)'}`,
      `terms     of ${url}: ${termsSaid(termsOf(url), ': read them before you train on the log')}`,
    ],
  };
}

/** The certificate beside a student, if it is about this very student and can be used. */
async function certificateOf(
  path: string,
  student: StudentIdentity,
): Promise<{ readonly certificate?: Certificate; readonly why: string }> {
  const { folder } = await exportAt(path);
  const file = join(folder, CERTIFICATE_FILE);
  if (!(await isThere(file))) return { why: `there is no ${file}` };
  const certificate = await readCertificate(file);
  const mismatches = certificateMismatches(certificate, student);
  if (mismatches.length > 0) return { why: `${file} is about another student: ${mismatches.join('; ')}` };
  if (needsOthers(certificate.score)) return { why: `${file} names a score that other students are needed for` };
  return { certificate, why: '' };
}

/** Each bound's audit may stop a student that keeps it so often; of two, each half as often. */
function boundsOf({ risk, delta }: Certificate): Bounds {
  const given = STREAMS.flatMap((stream): [Stream, number][] => {
    const bound = risk[stream];
    return bound === undefined ? [] : [[stream, bound]];
  });
  return Object.fromEntries(given.map(([stream, bound]) => [stream, { risk: bound, delta: delta / given.length }]));
}

function idOf(certificate: Certificate): string {
  return createHash('sha256').update(JSON.stringify(certificate)).digest('hex');
}

const OF: Readonly<Record<Stream, string>> = { kept: 'of the requests that it answers', all: 'of all requests' };

function certificateText({ threshold, delta, coverage, truth }: Certificate, bounds: Bounds): string {
  const said = STREAMS.flatMap((stream) => {
    const bound = bounds[stream];
    return bound === undefined ? [] : [`at most ${percent(bound.risk)} ${OF[stream]}`];
  });
  const than = truth.kind === 'teacher' ? `than ${truth.model}` : 'than their labels';
  const audit = truth.kind === 'teacher' ? '' : '; it is about labels, so upstream cannot audit it';
  return (
    `certified: the student answers where its score is at least ${threshold.toPrecision(4)} (about ${percent(coverage.share)} of the requests), ` +
    `otherwise ${than} for ${said.join(' and ')}, at ${percent(1 - delta)} confidence${audit}`
  );
}

function auditTexts({ audits, stopped }: AuditState, bounds: Bounds): readonly string[] {
  const lines = STREAMS.flatMap((stream) => {
    const audit = audits[stream];
    return audit === undefined || bounds[stream] === undefined
      ? []
      : [
          `audit so far: ${audit.wrong} of ${audit.asked} differ (${OF[stream].replace('of the', 'the').replace('of all', 'all')})`,
        ];
  });
  return stopped === undefined ? lines : [...lines, 'stopped: every request goes upstream'];
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}
