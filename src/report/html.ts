/** @file The report of an experiment: one HTML file that loads nothing, reads on paper and aloud, and needs no script. */
import type { Certificate } from '../certificates/certificate.schema.js';
import { shortened } from '../errors/shortened.js';
import { baselineText } from '../experiments/baseline.js';
import type { ExperimentRecord } from '../experiments/experiment-record.schema.js';
import { mean } from '../metrics/statistics.js';
import { type JudgedMetric, METRICS } from '../metrics/table.js';
import { armsFigure, armsTable } from './arms-figure.js';
import { calibrationSection, certificateSection } from './calibration-section.js';
import { BY_LABEL, BY_TEACHER, confusionTable, MOST_CLASSES } from './confusion-table.js';
import { curveFigures } from './curves-figure.js';
import { gainsFigure, gainsTable } from './gains-figure.js';
import { html, type Markup, trusted } from './markup.js';
import { neverSeenSection, neverSeenTitle } from './never-seen-section.js';
import { onlyRightSections } from './only-right-section.js';
import { PAGE_STYLE } from './page-style.js';
import { hasTest, onReportedSplit, splitsText } from './reported-split.js';
import { scoresSections } from './scores-section.js';
import { softenedFigures } from './softened-figure.js';
import { warningsSection } from './warnings-section.js';
import {
  bytes,
  capital,
  count,
  counted,
  decimal,
  duration,
  fitSentence,
  listed,
  runsOf,
  secondaryText,
  shipSentence,
  VERDICT_LOOKS,
  verdictFigures,
  verdictReason,
  verdictSentence,
} from './words.js';

/** Nothing may be loaded and no script may run, whatever a record holds. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

const MOST_SEEDS_LISTED = 50;
const MOST_CONFUSIONS = 6;
/** Matrices of more stand below each other. */
const FEW_CLASSES = 3;
const MOST_SETTINGS_CHARACTERS = 6000;

/**
 * The report of an experiment as a complete HTML document, with the certificate of its student if there is one. Parts that the record has no data for are left out.
 * @returns at most 500 kB for what experiments record: long curves are thinned out and long lists cut, in words.
 */
export function reportHtml(record: ExperimentRecord, certificate?: Certificate): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${trusted(POLICY)}">
<meta name="color-scheme" content="light dark">
<title>${shortened(record.question, 90)}</title>
<style>${trusted(PAGE_STYLE)}</style>
</head>
<body>
<main>
<header>
<p class="kicker">${record.name} · ${dateText(record.date)} · ${seedsText(record.seeds)}</p>
${opening(record)}
${verdict(record)}
${warningsSection(record)}
${armsSection(onReportedSplit(record), record)}
${gainsSection(record)}
${evidenceSections(record)}
${calibrationSection(record.calibration)}
${certificateSection(certificate)}
${curvesSection(record)}
${costSection(record)}
${environmentSection(record)}
<footer><p>Written by retort ${record.environment.retort} from the record of the experiment.</p></footer>
</main>
</body>
</html>
`;
  return page.text;
}

/** What the experiment asks and is about, below what else the record has to open with. */
function opening(record: ExperimentRecord): Markup {
  const { question, neverSeen } = record;
  if (neverSeen === undefined) return html`<h1>${question}</h1>${introduction(record)}</header>`;
  return html`<h1>${neverSeenTitle(neverSeen)}</h1></header>
${neverSeenSection(neverSeen)}
<h2>${question}</h2>${introduction(record)}`;
}

function introduction({ arms, metric, seeds, data, teacher }: ExperimentRecord): Markup {
  const rows = (one: { readonly name: string; readonly rows: number }) => `${count(one.rows)} rows of ${one.name}`;
  return html`<p>${counted(arms.length, 'arm')} on ${counted(seeds.length, 'seed')}${
    data?.train && html`, trained on ${rows(data.train)}`
  }${data?.evaluation && html` and scored on ${rows(data.evaluation)}`}${
    data?.test && html`, then once on ${rows(data.test)}`
  }.${teacher !== undefined && html` ${teacherSentence(teacher, metric)}`}</p>`;
}

function teacherSentence(teacher: NonNullable<ExperimentRecord['teacher']>, metric: JudgedMetric): Markup {
  const { name, score, test, parameters, isPerSeed, training, folds } = teacher;
  const { heading, title, unit } = METRICS[metric];
  const facts = [
    ...(parameters === undefined ? [] : [`${count(parameters)} parameters`]),
    ...(score === undefined
      ? []
      : [unit === '' ? `${heading}: ${decimal(score, 2)}` : `${decimal(score, 2)}\u00a0% ${title}`]),
    ...(test === undefined ? [] : [`${decimal(test, 2)}${unit.replace(' ', '\u00a0')} on the test split`]),
  ];
  const scope = isPerSeed
    ? 'Every seed has a teacher of its own.'
    : 'All seeds share one teacher, so the results hold for this teacher.';
  return html`The teacher is ${name}${facts.length > 0 && html` (${facts.join(', ')})`}. ${scope}${
    folds &&
    html` Each training row is labelled by the one of its ${folds.length} models that was not trained on it; other rows get the mean of all.`
  }${training && html` On training rows it has ${fitSentence(training, metric)}.`}`;
}

function verdict(record: ExperimentRecord): Markup | string | undefined {
  const { gains, headline, softTargets, ship, notCompared } = record;
  const shipped =
    ship && html`<p class="more">Ship this one: <code>${ship.path}</code>. ${shipSentence(ship, record)}</p>`;
  const gain = gains.find(({ arm, over }) => arm === headline?.arm && over === headline.over) ?? gains[0];
  if (gain === undefined) {
    return (
      notCompared &&
      html`<section class="verdict open" aria-label="Verdict"><p class="sentence">${notCompared}</p>${shipped}</section>`
    );
  }
  return html`<section class="verdict ${VERDICT_LOOKS[gain.verdict]}" aria-label="Verdict">
<p class="word">${gain.verdict}</p>
<p class="sentence">${verdictSentence(gain)}</p>
<p>${verdictFigures(gain)}. <span class="soft">${verdictReason(gain)}</span></p>
${[notCompared, softTargets?.text, baselineText(record)].map((text) => text !== undefined && html`<p class="more">${text}</p>`)}
${shipped}
</section>`;
}

/** @param validated the same with the scores of the validation split */
function armsSection(record: ExperimentRecord, validated: ExperimentRecord): Markup {
  const splits = splitsText(validated);
  return html`<section aria-labelledby="arms"><h2 id="arms">The arms</h2>
${splits !== undefined && html`<p>${splits}</p>`}
${armsFigure(record)}
${armsTable(record, hasTest(validated) ? validated.arms : undefined)}
${runsTable(record)}
</section>`;
}

function runsTable({ arms, metric, seeds }: ExperimentRecord): Markup | undefined {
  if (seeds.length === 1 || seeds.length > MOST_SEEDS_LISTED) return undefined;
  const { title, scale } = METRICS[metric];
  return html`<details><summary>Every run</summary>
<div class="scroll" role="region" tabindex="0" aria-label="Table of all runs"><table>
<caption>${capital(title)} ${scale} by seed</caption>
<thead><tr><th scope="col">Seed</th>${arms.map(({ name }) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
<tbody>${seeds.map(
    (seed, i) =>
      html`<tr><th scope="row">${seed}</th>${arms.map(({ scores }) => html`<td class="number">${decimal(scores[i] ?? Number.NaN, 2)}</td>`)}</tr>`,
  )}</tbody>
</table></div></details>`;
}

function gainsSection(record: ExperimentRecord): Markup | undefined {
  if (record.gains.length === 0) return undefined;
  return html`<section aria-labelledby="gains"><h2 id="gains">The gains</h2>
${gainsFigure(record)}
${gainsTable(record)}
<p class="note">Both arms of a comparison ran on the same seeds and were scored on the same rows; seeds and rows are samples, and each makes
its part of the interval. In about 95 of 100 experiments like this one it holds the mean over all seeds and all such rows. BETTER: all
of it is above 0. NO BETTER: all of it is below the smallest gain of interest. CAN’T TELL: neither, or the rows are not known.
${record.gains.length > 1 && secondaryText(record)}</p>
</section>`;
}

function curvesSection({ arms, metric, seeds }: ExperimentRecord): Markup | undefined {
  const figures = curveFigures(arms, metric, seeds[0]);
  return figures && html`<section aria-labelledby="curves"><h2 id="curves">Training</h2>${figures}</section>`;
}

function evidenceSections({ evidence, metric, data }: ExperimentRecord): Markup | undefined {
  if (evidence === undefined) return undefined;
  const { classes, softened, confusion, scores } = evidence;
  const { isWithTeacher = false } = METRICS[metric];
  const note =
    data?.test &&
    html`<p class="note">What follows are predictions on the validation split, ${data.evaluation.name}: rows of the test split are not looked at.</p>`;
  return html`${note}${
    softened.length > 0 &&
    html`<section aria-labelledby="softened"><h2 id="softened">Soft targets</h2>
<p>A higher temperature <i>T</i> evens out the probabilities, so that the student sees which classes the teacher finds alike. The
${isWithTeacher ? 'class that it predicts' : 'right class'} is coloured and underlined.</p>
${softenedFigures(softened, classes)}
</section>`
  }
${scores !== undefined && scoresSections(scores)}
${onlyRightSections(evidence)}
${
  confusion.length > 0 &&
  html`<section aria-labelledby="confusion"><h2 id="confusion">Confusion matrix</h2>
<p>${
    classes.length > MOST_CLASSES
      ? 'The classes that each model takes for another most often.'
      : isWithTeacher
        ? 'Each line has the rows of which the teacher predicts one class, each column the student’s prediction. In the framed numbers they agree.'
        : 'Each line has the rows of one class, each column their predicted class. The framed numbers are right.'
  }</p>
<div class="confusions${classes.length > FEW_CLASSES && ' wide'}">${confusion.slice(0, MOST_CONFUSIONS).map((one) => confusionTable(one, classes, isWithTeacher ? BY_TEACHER : BY_LABEL))}</div>
</section>`
}`;
}

function costSection({ arms, seconds, peakRssBytes, teacher }: ExperimentRecord): Markup {
  const all = runsOf(arms);
  return html`<section aria-labelledby="cost"><h2 id="cost">Cost</h2>
<dl><dt>Time</dt><dd>${duration(seconds)}; ${counted(all.runs, 'run')} took ${duration(all.seconds)} in all</dd>
<dt>Memory</dt><dd>at most ${bytes(peakRssBytes)} in one process</dd>${
    teacher?.parameters !== undefined && html`<dt>Teacher</dt><dd>${count(teacher.parameters)} parameters</dd>`
  }</dl>
<div class="scroll" role="region" tabindex="0" aria-label="Table of costs"><table>
<caption>Cost of one run, and the size of what it trains</caption>
<thead><tr><th scope="col">Arm</th><th scope="col" class="number">Time</th><th scope="col" class="number">Parameters</th></tr></thead>
<tbody>${arms.map(
    ({ name, seconds: each, parameters }) =>
      html`<tr><th scope="row">${name}</th><td class="number">${each.length > 0 && duration(mean(each))}</td><td class="number">${count(parameters)}</td></tr>`,
  )}</tbody>
</table></div>
</section>`;
}

function environmentSection(record: ExperimentRecord): Markup {
  const { environment, command, config, settings, arms } = record;
  const { retort, node, onnxruntime, platform, cpu, cores, memoryBytes, threads, device } = environment;
  const facts: readonly (readonly [string, string])[] = [
    ['Versions', `retort ${retort}, Node ${node}, ONNX Runtime ${onnxruntime}`],
    ['Machine', `${cpu}, ${counted(cores, 'core')}, ${bytes(memoryBytes)}, ${platform}`],
    ...(threads === undefined ? [] : [['Threads', `${threads} in each process`] as const]),
    ...(device === undefined ? [] : [['Device', device] as const]),
    ['Ended', dateText(record.date)],
    ['Seeds', shortened(listed(record.seeds.map(String)), MOST_SETTINGS_CHARACTERS)],
  ];
  return html`<section aria-labelledby="again"><h2 id="again">Reproduce</h2>
${command !== undefined && html`<pre><code>${command}</code></pre>`}
${config !== undefined && html`<details><summary>The config</summary><pre>${shortened(config, MOST_SETTINGS_CHARACTERS)}</pre></details>`}
<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
<details><summary>All settings</summary>
<pre>${settingsText({ experiment: settings, arms: Object.fromEntries(arms.map((arm) => [arm.name, arm.settings])) })}</pre></details>
</section>`;
}

function settingsText(settings: object): string {
  return shortened(JSON.stringify(settings, null, 2), MOST_SETTINGS_CHARACTERS);
}

/** `2024-06-07 08:09 UTC` */
function dateText(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

function seedsText(seeds: readonly number[]): string {
  const [first] = seeds;
  const last = seeds.at(-1);
  if (seeds.length === 1) return `seed ${first}`;
  const isRun = seeds.every((seed, i) => i === 0 || seed === (seeds[i - 1] ?? 0) + 1);
  return isRun ? `seeds ${first} to ${last}` : counted(seeds.length, 'seed');
}
