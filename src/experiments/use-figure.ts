/** @file What a recipe has measured of a student with a teacher and without. */

/** In points, with a 95 % interval over seeds and rows. */
export type MeasuredGain = { readonly mean: number; readonly low: number; readonly high: number };

/** What a recipe has measured of a student. */
export type UseFigure = {
  readonly recipe: string;
  /** Under results/. */
  readonly file: string;
  readonly set: string;
  readonly student: string;
  /** Labelled rows, and texts that the teacher labelled beside them. */
  readonly rows: number;
  readonly pool: number;
  readonly seeds: number;
  /** Percent, mean of the seeds. */
  readonly scores: { readonly taught: number; readonly alone: number; readonly linear?: number };
  /** Over the same student without a teacher, and over the linear baseline. */
  readonly gain?: MeasuredGain;
  readonly overLinear?: MeasuredGain;
  /** Of a run with the teacher's outputs, median of the seeds; without the teacher's own training. */
  readonly seconds: number;
  /** Of one text, tokenizing included, in microseconds. */
  readonly p50?: number;
};
