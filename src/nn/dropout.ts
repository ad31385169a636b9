import { OptionError } from '../errors/failures.js';
import type { Layer } from './module.js';

/**
 * Inverted dropout, as `torch.nn.Dropout`: the context decides whether it acts. Owns no parameters.
 * @param site names the random stream of the mask; once a model.
 * @throws OptionError unless 0 <= rate < 1.
 */
export function dropout(site: string, rate: number): Layer {
  if (!(rate >= 0 && rate < 1)) {
    throw new OptionError({ where: `dropout '${site}'`, wanted: 'a rate ≥ 0 and < 1', got: String(rate) });
  }
  return { parameters: [], forward: (context, x) => context.dropout(x, rate, site) };
}
