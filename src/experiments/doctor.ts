/** @file What can be found wrong before work starts: the machine, the places to write to, data, models, runs. */
import { type Finding, type Say, trying } from './finding.js';
import { examineMachine, examineOutput, examineSoftware } from './machine-checks.js';
import { type Examined, examinePackagedData, examinePath, examineTeacher } from './path-checks.js';
import { examineReader, type TextPlace } from './text-checks.js';

export type DoctorOptions = {
  /** Files of texts, data sets by name, data folders, models, runs, experiments: what each is shows in what lies there. */
  readonly paths?: readonly string[];
  /** Where results are to be written. Default: the current folder. */
  readonly outputDir?: string;
  /** How files of texts are to be read, and the folder of data sets by name. */
  readonly texts?: TextPlace;
};

/**
 * Looks at the machine and at the given paths, tries every model on every data set, and says what it finds. It writes
 * nothing but a temporary file into the output folder, or the nearest folder above it that exists, and removes it.
 */
export async function examine({ paths = [], outputDir = '.', texts = {} }: DoctorOptions = {}): Promise<Finding[]> {
  const findings: Finding[] = [];
  const say: Say = (level, what, fix, name) =>
    findings.push({ level, what, ...(fix !== undefined && { fix }), ...(name !== undefined && { name }) });
  await examineSoftware(say);
  await examineMachine(say);
  await trying(say, () => examineOutput(outputDir, say));
  const found: Examined = { data: [], models: [], texts: [], readers: [] };
  for (const path of paths) await trying(say, () => examinePath(path, found, say, texts));
  if (found.data.length === 0 && found.texts.length === 0) examinePackagedData(say);
  for (const model of found.models) {
    for (const data of found.data) await trying(say, () => examineTeacher(model, data, say));
  }
  for (const reader of found.readers) {
    for (const data of found.texts) await trying(say, () => examineReader(reader, data, texts, say));
  }
  return findings;
}
