/** @file What a linear fit takes, before it starts. */

/** Features of a letter, and what one feature of a row takes in a whole search, and for each class beside. */
const COST = { features: 2.5, microseconds: 2, microsecondsPerClass: 0.065 } as const;

/**
 * About how many seconds a fit takes, from what it took on three sets (TREC, BANKING77, SST-2, of 0.7 to 8 million features in
 * their rows; AMD EPYC, Zen 5): too little beside students to be timed.
 */
export function secondsToFit(texts: readonly string[], classes: number): number {
  const letters = texts.reduce((total, text) => total + text.length, 0);
  return secondsOfFeatures(COST.features * letters, classes);
}

/** The same of so many features in all rows together. */
export function secondsOfFeatures(features: number, classes: number): number {
  return (features * (COST.microseconds + COST.microsecondsPerClass * classes)) / 1e6;
}
