import { OptionError } from '../src/entries/errors.js';

/**
 * Names that a flag of a recipe lists, as those of a table; all of them where it is not given.
 * @throws OptionError for one that the table does not have.
 */
export function chosenNames<Name extends string>(
  flag: string,
  all: Readonly<Record<Name, unknown>>,
  given?: readonly string[],
): readonly Name[] {
  const names = Object.keys(all) as Name[]; // of the table by construction
  return (given ?? names).map((name) => {
    const found = names.find((known) => known === name);
    if (found === undefined) throw new OptionError({ where: flag, wanted: `some of ${names.join(', ')}`, got: name });
    return found;
  });
}
