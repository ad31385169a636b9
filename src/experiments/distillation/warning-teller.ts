/** @file Tells the warnings of a distillation: what is so of all its runs once, and of an arm what its runs find, once too. */
import { expectNoWarning } from '../../training/checks/strict.js';
import type { Warning } from '../../training/checks/table.js';

export type WarningEvent = { readonly type: 'warning' } & Warning & {
    /** Absent for what is so of all runs. */
    readonly arm?: string;
    readonly seed?: number;
  };

/** @param isStrict whether what is found before the runs is an error. */
export function warningTeller(emit: (event: WarningEvent) => void, isStrict: boolean) {
  const known: Warning[] = [];
  const told = new Set<string>();
  const tell = (warnings: readonly Warning[]): void => {
    for (const warning of warnings) {
      known.push(warning);
      emit({ type: 'warning', ...warning });
    }
  };
  return {
    /** @throws CheckError of a strict distillation. */
    beforeRuns: (warnings: readonly Warning[]): void => {
      if (isStrict) expectNoWarning(warnings);
      tell(warnings);
    },
    /** Of the runs together. Those of a strict distillation are an error once the record is kept. */
    afterRuns: tell,
    inRun: (arm: string, seed: number, { name, text, fix }: Warning): void => {
      const key = `${arm}\n${name}`;
      if (told.has(key) || known.some((warning) => warning.name === name)) return;
      told.add(key);
      emit({ type: 'warning', name, text, fix, arm, seed });
    },
    /** Those that were not found in single runs. */
    known: (): readonly Warning[] => known,
  };
}
