/** Some of an object's options, without those that are undefined. */
type GivenOptions<T, K extends keyof T> = { readonly [Key in K]?: Exclude<T[Key], undefined> };

/** Those of some options that were given: for who hands on what he was handed, undefined or not. */
export function givenOptions<T extends object, const K extends keyof T>(
  options: T,
  names: readonly K[],
): GivenOptions<T, K> {
  const given = names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]] as const]));
  return Object.fromEntries(given) as GivenOptions<T, K>; // each value under its own name
}
