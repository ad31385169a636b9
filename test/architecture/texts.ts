/** @file The texts of `src/` that somebody reads, found by parsing. */
import { parseAst } from 'vitest/node';

export type Texts = {
  /** One sentence for each error: `where: wanted …, got …; fix`. */
  readonly errors: readonly string[];
  /** Every other text of two words or more: lines of help, notices, plans, reports, and parts of errors. */
  readonly others: readonly string[];
};

type Node = { readonly type: string; readonly [key: string]: unknown };
/** Constants in reach, with their values; null for names whose value is not written here. */
type Scope = ReadonlyMap<string, Node | null>;

/** What the code puts in when it runs. */
const HOLE = '{…}';
const DETAILS = ['where', 'wanted', 'got', 'fix'];

/** The texts of one file. */
export function textsOf(path: string, source: string): Texts {
  const [errors, others]: [string[], string[]] = [[], []];
  const told = new Set<Node>();
  const literals: Node[] = [];
  const visit = (value: unknown, scope: Scope): void => {
    if (Array.isArray(value)) for (const item of value) visit(item, scope);
    if (!isNode(value) || /^(Import|TS.*(Type|Declaration)$)/.test(value.type)) return;
    const inner = scopeOf(value, scope);
    const details = detailsOf(value);
    if (details !== undefined) {
      const used = new Set<Node>();
      const sentence = sentenceOf(new Map([...details].map(([name, node]) => [name, textOf(node, inner, used)])));
      if (used.size > 0) errors.push(sentence);
      for (const node of used) told.add(node);
    }
    if (isText(value)) literals.push(value);
    for (const child of Object.values(value)) visit(child, inner);
  };
  visit(parseAst(source, { lang: 'ts' }, path), new Map());
  for (const node of literals) {
    const text = withoutTags(textOf(node, new Map(), new Set()));
    if (!told.has(node) && isProse(text)) others.push(text);
  }
  return { errors, others };
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function isText(node: Node): boolean {
  return node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node.value === 'string');
}

/** In Lua. */
const REDIS_SCRIPT = /\bredis\.call\(|\bARGV\[/;

/** Two words at least, one of them of letters alone; not what is only hashed, nor a script that Redis runs. */
function isProse(text: string): boolean {
  return (
    !REDIS_SCRIPT.test(text) && !text.includes('\0') && /\S\s+\S/.test(text) && /(^|\s)["'(]?[a-z]{2,}\b/i.test(text)
  );
}

/** The words of a piece of HTML. */
function withoutTags(text: string): string {
  return text
    .replaceAll(/<[/!a-z][^>]*>?/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Where, wanted, got and fix, if these are what an object has. */
function detailsOf(node: Node): Map<string, Node> | undefined {
  if (node.type !== 'ObjectExpression') return undefined;
  const found = new Map<string, Node>();
  for (const property of node.properties as readonly Node[]) {
    const { key, value } = property;
    if (!isNode(key) || !isNode(value) || !DETAILS.includes(String(key.name))) continue;
    found.set(String(key.name), value);
  }
  return found.has('wanted') || found.has('got') ? found : undefined;
}

function sentenceOf(details: ReadonlyMap<string, string>): string {
  const { where = HOLE, wanted = HOLE, got = HOLE, fix } = Object.fromEntries(details);
  return `${where}: wanted ${wanted}, got ${got}${fix === undefined ? '' : `; ${fix}`}`.replaceAll(/\s+/g, ' ');
}

/** A value as a reader meets it; alternatives stand in brackets, with bars between them. */
function textOf(node: unknown, scope: Scope, used: Set<Node>): string {
  if (!isNode(node)) return HOLE;
  const of = (other: unknown): string => textOf(other, scope, used);
  switch (node.type) {
    case 'Literal':
      if (typeof node.value !== 'string') return HOLE;
      used.add(node);
      return node.value;
    case 'TemplateLiteral': {
      used.add(node);
      const holes = (node.expressions as readonly unknown[]).map(of);
      const parts = (node.quasis as readonly { value: { cooked: string } }[]).map(({ value }) => value.cooked);
      return parts.map((part, i) => `${part}${holes[i] ?? ''}`).join('');
    }
    case 'ConditionalExpression':
      return eitherOf([of(node.consequent), of(node.alternate)]);
    case 'LogicalExpression':
      return eitherOf([of(node.left), of(node.right)]);
    case 'BinaryExpression':
      return node.operator === '+' ? `${of(node.left)}${of(node.right)}` : HOLE;
    case 'Identifier': {
      const value = scope.get(String(node.name));
      // Not itself again: a constant may be made of one of the same name outside.
      return isNode(value) ? textOf(value, new Map([...scope].filter(([name]) => name !== node.name)), used) : HOLE;
    }
    default:
      return HOLE;
  }
}

function eitherOf(texts: readonly string[]): string {
  const known = [...new Set(texts)].filter((text) => text !== '');
  if (known.length === 0) return '';
  if (known.length === 1 && known[0] === HOLE) return HOLE;
  return `{${texts.map((text) => text || 'nothing').join(' | ')}}`;
}

/** The names that a node adds to those in reach. */
function scopeOf(node: Node, outer: Scope): Scope {
  const statements = ['Program', 'BlockStatement'].includes(node.type) ? (node.body as readonly Node[]) : [];
  const names: [string, Node | null][] = statements.flatMap(constantsOf);
  if (Array.isArray(node.params))
    names.push(...node.params.flatMap(namesOf).map((name): [string, null] => [name, null]));
  return names.length === 0 ? outer : new Map([...outer, ...names]);
}

function constantsOf(statement: Node): [string, Node | null][] {
  const declaration = isNode(statement.declaration) ? statement.declaration : statement;
  if (declaration.type !== 'VariableDeclaration') return [];
  return (declaration.declarations as readonly { id: Node; init: unknown }[]).flatMap(({ id, init }) => {
    const isPlain = id.type === 'Identifier' && declaration.kind === 'const' && isNode(init);
    return namesOf(id).map((name): [string, Node | null] => [name, isPlain ? init : null]);
  });
}

/** The names that a pattern binds. */
function namesOf(pattern: unknown): string[] {
  if (Array.isArray(pattern)) return pattern.flatMap(namesOf);
  if (!isNode(pattern)) return [];
  if (pattern.type === 'Identifier') return [String(pattern.name)];
  const { left, argument, elements, properties, value, parameter } = pattern;
  return [left, argument, elements, properties, value, parameter].flatMap(namesOf);
}
