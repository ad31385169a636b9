/** @file The method that the words of a command line name, with its options. */
import { OptionError } from '../errors/failures.js';
import { nearest } from '../errors/nearest.js';
import type { Method } from '../methods/method.js';
import { METHODS } from '../methods/table.js';

export type MethodFlags = {
  readonly method: string;
  readonly alpha: number | undefined;
  readonly temperature: number | undefined;
  readonly methodOptions: string | undefined;
};

/** @throws OptionError for a method that does not exist, with the nearest name, and for options it does not have. */
export function methodOf({ method: name, alpha, temperature, methodOptions }: MethodFlags): Method {
  const factory = Object.hasOwn(METHODS, name) ? METHODS[name as keyof typeof METHODS] : undefined;
  if (factory === undefined) {
    const names = Object.keys(METHODS);
    const near = nearest(name, names);
    throw new OptionError({
      where: '--method',
      wanted: names.join(', '),
      got: `'${name}'`,
      ...(near !== undefined && { fix: `did you mean ${near}?` }),
    });
  }
  return factory.fromRecord({
    ...(alpha !== undefined && { alpha }),
    ...(temperature !== undefined && { temperature }),
    ...parsedOptions(methodOptions),
  });
}

/** `beta=100,layerMap=1:4,2:8` as a record; numbers become numbers, a part without name is the value's. */
export function parsedOptions(text: string | undefined): Record<string, string | number> {
  const given = (text ?? '').split(/,(?=[^,]*=)/).filter((part) => part.trim() !== '');
  return Object.fromEntries(
    given.map((part) => {
      const [name = '', ...rest] = part.split('=');
      const value = rest.join('=').trim();
      if (name.trim() === '' || value === '') {
        throw new OptionError({ where: '--method_options', wanted: 'name=value, parted by commas', got: `'${part}'` });
      }
      return [name.trim(), Number.isFinite(Number(value)) ? Number(value) : value];
    }),
  );
}
