/** @file The method that the words of a command line name, with its options. */

import { OptionError } from '../errors/failures.js';
import { nearest } from '../errors/nearest.js';
import { defined } from '../options/given.js';
import type { Method } from './method.js';
import { METHODS } from './table.js';

/** As a command line has them. */
export type NamedMethod = {
  /** Default: `hinton`. */
  readonly method?: unknown;
  readonly alpha?: number | undefined;
  readonly temperature?: number | undefined;
  /** `beta=100,layerMap=skip`. */
  readonly methodOptions?: string | undefined;
};

/** @throws OptionError for a method that does not exist, with the nearest name, and for options it does not have. */
export function methodFrom({ method = 'hinton', alpha, temperature, methodOptions }: NamedMethod): Method {
  const name = String(method);
  const factory = Object.hasOwn(METHODS, name) ? METHODS[name as keyof typeof METHODS] : undefined;
  if (factory === undefined) {
    const names = Object.keys(METHODS);
    const near = nearest(name, names);
    throw new OptionError({
      where: 'method',
      wanted: names.join(', '),
      got: `'${name}'`,
      ...(near !== undefined && { fix: `did you mean ${near}?` }),
    });
  }
  return factory.fromRecord({ ...defined({ alpha, temperature }), ...parsedOptions(methodOptions) });
}

/** `beta=100,layerMap=1:4,2:8` as a record; numbers become numbers, a part without name is the value's. */
export function parsedOptions(text: string | undefined): Record<string, string | number | boolean> {
  const given = (text ?? '').split(/,(?=[^,]*=)/).filter((part) => part.trim() !== '');
  return Object.fromEntries(
    given.map((part) => {
      const [name = '', ...rest] = part.split('=');
      const value = rest.join('=').trim();
      if (name.trim() === '' || value === '') {
        throw new OptionError({ where: 'methodOptions', wanted: 'name=value, separated by commas', got: `'${part}'` });
      }
      return [name.trim(), plainValue(value)];
    }),
  );
}

function plainValue(written: string): string | number | boolean {
  if (written === 'true' || written === 'false') return written === 'true';
  return Number.isFinite(Number(written)) ? Number(written) : written;
}
