import { check, shownNames } from './check.js';

export const labelSpelling = check('texts', {
  says: 'labels that differ in case or spaces alone',
  find: ({ train }) => {
    const spellings = new Map<string, string[]>();
    for (const name of train.labelNames) {
      const folded = name.normalize('NFKC').toLowerCase().replaceAll(/\s+/gu, ' ').trim();
      spellings.set(folded, [...(spellings.get(folded) ?? []), name]);
    }
    const several = [...spellings.values()].filter((names) => names.length > 1);
    return several.map((names) => ({
      text: `${shownNames(names)} are ${names.length} labels of ${train.name}, and differ in case or spaces alone`,
      fix: 'if they are one label, write it in one way, or map them to one name (labelNames)',
    }));
  },
});
