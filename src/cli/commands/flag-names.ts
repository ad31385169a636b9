import { OptionError } from '../../errors/failures.js';

/**
 * For what a library call throws about an option: the same with the flag that it came from.
 * @param flags by the names that the library has.
 */
export function namingFlags(flags: ReadonlyMap<string, string>): (error: unknown) => never {
  return (error) => {
    const flag = error instanceof OptionError ? flags.get(error.where) : undefined;
    if (flag === undefined || !(error instanceof OptionError)) throw error;
    const { wanted, got, fix } = error;
    throw new OptionError({ where: flag, wanted, got, ...(fix !== undefined && { fix }), cause: error });
  };
}
