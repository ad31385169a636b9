import { z } from 'zod';
import { jsonOf } from '../../options/json.js';

const FEATURES = z.object({ info: z.object({ features: z.record(z.string(), z.unknown()) }) });
const CLASS_LABEL = z.object({ _type: z.literal('ClassLabel'), names: z.array(z.string()).min(1) });

/**
 * The label names of a column of numbers, from what Hugging Face's `datasets` writes into a Parquet file (the value of
 * its metadata key `huggingface`); undefined if there are none.
 */
export function classLabelNames(json: string, column: string): readonly string[] | undefined {
  let value: unknown;
  try {
    value = jsonOf(json);
  } catch {
    return undefined;
  }
  const features = FEATURES.safeParse(value);
  if (!features.success) return undefined;
  const label = CLASS_LABEL.safeParse(features.data.info.features[column]);
  return label.success ? label.data.names : undefined;
}
