/** What `certificate.json` says of itself. */
export const CERTIFICATE_FORMAT = { name: 'retort-certificate', version: 1 } as const;
