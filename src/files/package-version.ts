/** As package.json says; here, because browsers cannot look there. */
const VERSION = '0.2.0';

/** The version of this package. */
export function packageVersion(): string {
  return VERSION;
}
