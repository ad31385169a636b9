/** @file Which layer of the student learns from which of the teacher: names and pairs, resolved before training. */
import { OptionError } from '../errors/failures.js';

/** Student layer, teacher layer; counted from 1, and 0 is the embedding output. */
export type LayerPair = readonly [student: number, teacher: number];

/** How a map is written out: `1:4,2:8`. What an option that takes one says of it. */
export const LAYER_PAIRS = {
  pattern: /^\d+:\d+(,\d+:\d+)*$/,
  says: 'pairs of layers such as 1:4,2:8, student first',
} as const;

/** What is mapped, for messages: layers L of both sides. */
export type MapRequest = { readonly where: string; readonly student: number; readonly teacher: number };

/** @throws OptionError unless the student's layers divide the teacher's. */
function stride({ where, student, teacher }: MapRequest, name: string): number {
  if (teacher % student === 0) return teacher / student;
  throw new OptionError({
    where,
    wanted: `a teacher whose layers are a multiple of the student's, for the map ${name}`,
    got: `${teacher} and ${student} layers`,
    fix: `name the pairs, such as ${Array.from({ length: student }, (_, i) => `${i + 1}:${Math.round(((i + 1) * teacher) / student)}`).join(',')}`,
  });
}

const NAMED = {
  /** PKD-Skip: every k-th layer of the teacher, without the last, which the logits cover. */
  skip: (request) => {
    const k = stride(request, 'skip');
    return Array.from({ length: request.student - 1 }, (_, i): LayerPair => [i + 1, (i + 1) * k]);
  },
  /** PKD-Last: the teacher's last layers, without the very last. */
  last: ({ where, student, teacher }) => {
    if (teacher < student) {
      const wanted = 'a teacher with at least as many layers as the student, for the map last';
      throw new OptionError({ where, wanted, got: `${teacher} and ${student}` });
    }
    return Array.from({ length: student - 1 }, (_, i): LayerPair => [i + 1, teacher - student + i + 1]);
  },
  /** TinyBERT's: every k-th layer, embeddings and last layer included. */
  uniform: (request) => {
    const k = stride(request, 'uniform');
    return Array.from({ length: request.student + 1 }, (_, i): LayerPair => [i, i * k]);
  },
} as const satisfies Record<string, (request: MapRequest) => LayerPair[]>;

export type LayerMapName = keyof typeof NAMED;

/**
 * The pairs of a map, named or written out.
 * @throws OptionError for layers that one side does not have, a student layer named twice, or a map without pairs.
 */
export function layerPairs(map: string, request: MapRequest): readonly LayerPair[] {
  const { where, student, teacher } = request;
  const pairs = Object.hasOwn(NAMED, map)
    ? NAMED[map as LayerMapName](request)
    : map.split(',').map((pair): LayerPair => {
        const [ours, theirs] = pair.split(':').map(Number);
        return [ours ?? Number.NaN, theirs ?? Number.NaN];
      });
  if (pairs.length === 0) {
    throw new OptionError({
      where,
      wanted: `a student of at least 2 layers, for the map ${map}`,
      got: `${student}`,
      fix: "name the pairs, such as 1:1, or use method 'hinton': only the logits remain",
    });
  }
  const fits = (layer: number, layers: number): boolean => layer >= 0 && layer <= layers;
  const stray = pairs.find(([ours, theirs]) => !(fits(ours, student) && fits(theirs, teacher)));
  if (stray !== undefined) {
    throw new OptionError({
      where,
      wanted: `layers of the student up to ${student}, of the teacher up to ${teacher}`,
      got: stray.join(':'),
    });
  }
  if (new Set(pairs.map(([ours]) => ours)).size < pairs.length) {
    throw new OptionError({ where, wanted: 'each layer of the student once', got: map });
  }
  return pairs;
}
