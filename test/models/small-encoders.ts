/** @file A small model of every family in the table, whatever the keys of its config are called. */
import type { Role } from '../../src/models/encoder-family.js';
import { FAMILIES, familyOf } from '../../src/models/families.js';
import type { Model } from '../../src/models/model.js';

const SIZES: Partial<Record<Role, number>> = { vocabulary: 12, width: 4, layers: 1, heads: 2, innerWidth: 8 };

/** One of a family with sizes of its own. */
export function smallEncoder(kind: string, sizes: Partial<Record<Role, number>> = {}): Model {
  const family = familyOf(kind);
  if (family === undefined) throw new Error(`no family ${kind}`);
  const wanted = { ...SIZES, ...sizes };
  const keys = Object.entries(family.roles).filter(([, role]) => wanted[role] !== undefined);
  return family(Object.fromEntries(keys.map(([key, role]) => [key, wanted[role]])));
}

/** One of each. */
export function smallEncoders(sizes: Partial<Record<Role, number>> = {}): readonly Model[] {
  return Object.keys(FAMILIES).map((kind) => smallEncoder(kind, sizes));
}
