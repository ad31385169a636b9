/** @file The JSON Schema of a retort.yaml, by which editors complete and check its keys. */

import { type AnyMethodFactory, type OptionSpecs, specsBeside, wholeSpec } from '../../methods/define-method.js';
import { METHODS } from '../../methods/table.js';
import { defined } from '../../options/given.js';
import type { Json } from '../../options/json.js';
import type { OptionSpec } from '../../options/option-spec.js';
import { distillUsage } from '../commands/distill/usage.js';
import type { FlagSpec } from '../options.js';
import {
  type ConfigKey,
  describeKey,
  isSection,
  ONE_OF,
  OUTPUT,
  SECTIONS,
  type SectionName,
  SHORT_FORMS,
  specOf,
  TOP_LEVEL,
} from './keys.js';

type Schema = { readonly [key: string]: Json };

/** By which a schema of another version is known. */
export const SCHEMA_TITLE = 'retort.yaml';

const NAME: Schema = { type: 'string', minLength: 1 };

/** Draft 7, which the YAML extensions of editors know best. */
export function configSchema(): Schema {
  const properties = Object.entries(TOP_LEVEL).map(([name, help]) => {
    if (name === 'output') return [name, keySchema(OUTPUT)] as const;
    return [name, { description: help, ...(isSection(name) ? sectionSchema(name) : methodSchema()) }] as const;
  });
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: SCHEMA_TITLE,
    type: 'object',
    required: ['task'],
    additionalProperties: false,
    properties: Object.fromEntries(properties),
  };
}

/** The file's text. */
export function schemaText(): string {
  return `${JSON.stringify(configSchema(), null, 2)}\n`;
}

function sectionSchema(section: SectionName): Schema {
  const keys: Readonly<Record<string, ConfigKey>> = SECTIONS[section];
  const subjects = ONE_OF[section] ?? [];
  const contradictions = subjects.flatMap((a, i) => subjects.slice(i + 1).map((b) => ({ required: [a, b] })));
  const whole: Schema = {
    type: ['object', 'null'],
    additionalProperties: false,
    properties: Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, keySchema(key)])),
    ...(contradictions.length > 0 && { not: { anyOf: contradictions } }),
  };
  const short = SHORT_FORMS[section];
  if (short === undefined) return whole;
  const { list } = short;
  return { anyOf: [NAME, ...(list === undefined ? [] : [{ type: 'array', items: NAME, minItems: 1 }]), whole] };
}

function keySchema(key: ConfigKey): Schema {
  const { help, default: usual } = describeKey(key);
  const description = usual === '' ? help : `${help} (default: ${usual})`;
  return { description, ...valueSchema(key, specOf(key)) };
}

function valueSchema({ form, choices }: ConfigKey, spec: FlagSpec): Schema {
  if (choices !== undefined) return { enum: choices };
  if (form === 'numbers') return { type: 'array', items: { type: 'number' }, minItems: 1 };
  if (form === 'words') {
    const several = { type: 'array', items: { type: ['string', 'number'] }, minItems: 1 };
    return {
      type: 'object',
      minProperties: 1,
      additionalProperties: { anyOf: [{ type: ['string', 'number'] }, several] },
    };
  }
  if (form === 'descriptions') {
    const descriptions = { type: ['string', 'number', 'boolean', 'null'] };
    return { anyOf: [NAME, { type: 'object', minProperties: 1, additionalProperties: descriptions }] };
  }
  const one: Schema = { anyOf: [NAME, { type: 'number' }] };
  if (form === 'column') return one;
  if (form !== 'list') return scalarSchema(spec);
  return { anyOf: [one, { type: 'array', items: one, minItems: 1 }] };
}

function scalarSchema(spec: FlagSpec | OptionSpec): Schema {
  switch (spec.kind) {
    case 'integer':
    case 'number': {
      const { min, max, above, also } = spec;
      const range: Schema = { type: spec.kind, ...defined({ minimum: min, maximum: max, exclusiveMinimum: above }) };
      return also === undefined ? range : { anyOf: [range, { const: also.value }] };
    }
    case 'portion':
      return { type: 'number', minimum: 0 };
    case 'choice': {
      const choices = { enum: spec.choices };
      return spec.form === undefined
        ? choices
        : { anyOf: [choices, { type: 'string', pattern: spec.form.pattern.source }] };
    }
    case 'switch':
    case 'yes-no':
      return { type: 'boolean' };
    default:
      return NAME;
  }
}

/** A name alone, or the options of one method; without a name those of the usual one. */
function methodSchema(): Schema {
  const usual = distillUsage.options.method.default;
  const forms = Object.entries<AnyMethodFactory>(METHODS).flatMap(([name, factory]) => {
    const form = (title: string, required: readonly string[], properties: Schema): Schema => ({
      type: 'object',
      title,
      ...(required.length > 0 && { required }),
      additionalProperties: false,
      properties: { name: { const: name }, ...properties },
    });
    const { beside, definition } = factory;
    const named = name === usual ? [] : ['name'];
    if (beside === undefined) return [form(name, named, optionSchemas(definition.options))];
    // A form for each method whose options may stand beside its own; the usual one need not be named.
    const own = definition.options[beside.option];
    return Object.keys(beside.specs).map((other) => {
      const isUsual = own !== undefined && wholeSpec(own).default === other;
      const properties = optionSchemas(specsBeside(factory, { [beside.option]: other }));
      return form(isUsual ? name : `${name} over ${other}`, isUsual ? named : [...named, beside.option], {
        ...properties,
        [beside.option]: { ...(properties[beside.option] as Schema), enum: [other] },
      });
    });
  });
  return { anyOf: [{ enum: Object.keys(METHODS) }, { type: 'null' }, ...forms] };
}

function optionSchemas(options: OptionSpecs): Schema {
  const entries = Object.entries(options).map(([name, given]) => {
    const spec = wholeSpec(given);
    return [name, { description: `${spec.help} (default: ${spec.default})`, ...scalarSchema(spec) }] as const;
  });
  return Object.fromEntries(entries);
}
