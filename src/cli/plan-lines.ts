/** @file What a plan says of time, memory, disk and cost. */

import { formatCount, money } from '../errors/number-text.js';
import type { DistillationPlan } from '../experiments/distillation/plan.js';
import { asJson } from '../files/fingerprint.js';
import type { Json } from '../options/json.js';
import type { DiskUse, StageEstimate } from '../training/estimate/run-estimate.js';
import { isBusy, type MachineLoad, timeRange } from '../training/estimate/time-range.js';
import { formatSize, formatTimeRange } from './numbers.js';

/** A line each, of a distillation. */
export function planLines(plan: DistillationPlan, machine: MachineLoad): string[] {
  const { teacher, arms, labelling, runs, seconds, peakRssBytes, disk, cost } = plan;
  const finished = arms.reduce((sum, arm) => sum + arm.finished, 0);
  const perRun = arms
    .filter((arm) => arm.runs > 0)
    .map((arm) => `${arm.name} ${formatTimeRange(arm.seconds ?? 0)}${stagesIn(arm.stages)}`);
  const answers = labelling.reduce((sum, asking) => sum + (asking.seconds ?? 0), 0);
  const parts = [
    ...(teacher?.seconds === undefined
      ? []
      : [`${teacherTrainings(teacher)} ${formatTimeRange(teacher.runs * teacher.seconds)}`]),
    ...(answers >= 0.5 ? [`its outputs ${formatTimeRange(answers)}`] : []),
    ...(perRun.length > 0 ? [`a run of ${perRun.join(', ')}`] : []),
  ];
  const left = finished > 0 ? `, ${formatCount(finished)} of ${formatCount(finished + runs)} runs are finished` : '';
  const stays = disk.modelBytes + disk.answerBytes + disk.logBytes;
  return [
    ...(seconds === undefined
      ? []
      : [`time     ${formatTimeRange(seconds)} (${parts.join('; ')})${left}`, ...busyLines(machine)]),
    ...(peakRssBytes === undefined ? [] : [`memory   about ${formatSize(peakRssBytes)} at most`]),
    `disk     about ${formatSize(stays)} that stay, ${formatSize(disk.mostBytes)} at most`,
    ...askingLines(plan, cost),
  ];
}

/** Where the machine does more than it can at once; else none. */
export function busyLines(machine: MachineLoad): string[] {
  return isBusy(machine) ? [`load     ${busyText(machine)}`] : [];
}

function busyText({ load, cores, others }: MachineLoad): string {
  const share = `${Math.round(100 * others)} % of ${cores === 1 ? 'it' : 'them'} at work for other programs`;
  const on = `${load.toFixed(1)} on ${cores} ${cores === 1 ? 'core' : 'cores'}`;
  return `${on}, ${share}: the time holds while the machine is as busy as now`;
}

/** In one line, before the work starts. */
export function planInShort(plan: DistillationPlan, machine: MachineLoad): string {
  const { teacher, runs, steps, seconds, peakRssBytes, disk, labelling, cost } = plan;
  const size = disk.modelBytes + disk.answerBytes + disk.logBytes;
  const open = labelling.filter((asking) => asking.seconds === undefined);
  const rows = open.reduce((sum, { unanswered }) => sum + unanswered, 0);
  return [
    ...(teacher === undefined
      ? []
      : [`${teacherTrainings(teacher)}, ${formatCount(teacher.runs * teacher.steps)} steps`]),
    `${formatCount(runs)} ${runs === 1 ? 'run' : 'runs'}${steps === 0 && runs > 0 ? ' without steps' : `, ${formatCount(steps)} steps`}`,
    ...(seconds === undefined ? [] : [formatTimeRange(seconds)]),
    ...(seconds !== undefined && rows > 0 ? [`and ${formatCount(rows)} teacher outputs`] : []),
    ...(seconds !== undefined && isBusy(machine) ? [`load ${busyText(machine)}`] : []),
    ...(peakRssBytes === undefined ? [] : [`${formatSize(peakRssBytes)} of memory`]),
    `${formatSize(size)} of disk`,
    ...(cost === undefined || cost === 0 ? [] : [`cost about ${money(cost)}`]),
  ].join(', ');
}

function teacherTrainings({ runs }: NonNullable<DistillationPlan['teacher']>): string {
  return runs === 1 ? 'the teacher’s training' : `${runs} trainings of the teacher`;
}

/** What is asked of an endpoint. */
function askingLines({ labelling }: DistillationPlan, cost: number | undefined): string[] {
  const unknown = labelling.filter((asking) => asking.seconds === undefined && asking.unanswered > 0);
  if (unknown.length === 0 && cost === undefined) return [];
  const rows = labelling.reduce((sum, { unanswered }) => sum + unanswered, 0);
  const price = cost === undefined ? '' : `about ${money(cost)} for `;
  const time = unknown.length > 0 ? '; how long those take is not known, and not in the time' : '';
  return [`cost     ${price}${formatCount(rows)} rows without a teacher output yet${time}`];
}

function stagesIn(stages: readonly StageEstimate[]): string {
  if (stages.length < 2) return '';
  return ` (${stages.map(({ name, seconds = 0 }) => `${name} ${formatTimeRange(seconds)}`).join(', ')})`;
}

/** All figures. */
export function planJson(plan: DistillationPlan): { readonly [key: string]: Json } {
  const { teacher, arms, labelling, runs, steps, seconds, peakRssBytes, disk, cost } = plan;
  return {
    runsToCome: runs,
    stepsToCome: steps,
    ...secondsJson(seconds),
    peakRssBytes: peakRssBytes ?? null,
    disk: { ...disk },
    cost: cost ?? null,
    labelling: asJson(labelling),
    perArm: arms.map(({ name, runs: coming, finished, steps: of, seconds: takes, stages }) => ({
      name,
      runs: coming,
      finished,
      steps: of,
      ...secondsJson(takes),
      stages: stages.map(stageJson),
    })),
    teacherTraining: teacher === undefined ? null : stageJson(teacher),
    teacherTrainings: teacher?.runs ?? 0,
  };
}

/** The middle, and the range that is shown. */
export function secondsJson(seconds: number | undefined): { readonly [key: string]: Json } {
  return { seconds: seconds ?? null, secondsRange: seconds === undefined ? null : { ...timeRange(seconds) } };
}

export function stageJson({ name, disk, ...stage }: StageEstimate): { readonly [key: string]: Json } {
  return { name: name ?? null, ...asJson(stage), ...secondsJson(stage.seconds), disk: { ...disk } };
}

/** Of one run that keeps so many models beside the last. */
export function runDisk({ modelBytes, logBytes, stateBytes }: DiskUse, kept: number) {
  const stays = modelBytes * (1 + kept) + logBytes;
  return { stays, most: stays + 2 * stateBytes };
}
