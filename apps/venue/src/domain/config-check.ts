/** Compares a configuration with its schema, and says of all that is wrong where it is, what it is, and what is allowed. */
import type { Schema } from './schema.ts';

/** Keys and numbers of list entries, from the outside in. */
export type Path = readonly (string | number)[];

export interface Problem {
  readonly path: Path;
  /** what goes on after the path: `: "sync" is not one of fsync, os, none` */
  readonly text: string;
  /** a key is not there, which another source may have */
  readonly isMissing?: boolean;
}

/** `instruments[0].tick` */
export function pathName(path: Path): string {
  return path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('');
}

export function problemText({ path, text }: Problem): string {
  return `${pathName(path)}${text}`;
}

const MOST_SHOWN = 80;

/** A value as people see it: not what was put where a secret's file belongs. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  if (/PRIVATE KEY|[0-9a-f]{64}/i.test(text)) return '(hidden: a secret)';
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

/** What a schema allows, in words. */
function allowed({ type, errorMessage, enum: values, minimum, maximum }: Schema): string {
  if (errorMessage !== undefined) return errorMessage;
  if (values !== undefined) return `one of ${values.join(', ')}`;
  if (type === 'integer') return `a whole number from ${minimum} to ${maximum}`;
  return { object: 'an object', array: 'a list', string: 'a text' }[type];
}

/** Everything that is wrong with a value, in its order. */
export function problemsOf(value: unknown, schema: Schema, root = schema, path: Path = []): Problem[] {
  if (schema.type === 'object') return isObject(value) ? objectProblems(value, schema, root, path) : [notAllowed(value, schema, path)];
  if (schema.type === 'array') return Array.isArray(value) ? listProblems(value, schema, root, path) : [notAllowed(value, schema, path)];
  return isAllowed(value, schema) ? [] : [notAllowed(value, schema, path)];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectProblems(value: Record<string, unknown>, { properties = {}, required = [] }: Schema, root: Schema, path: Path): Problem[] {
  const problems: Problem[] = [];
  for (const [key, inner] of Object.entries(value)) {
    if (Object.hasOwn(properties, key)) {
      if (inner !== undefined) problems.push(...problemsOf(inner, properties[key], root, [...path, key]));
    } else
      problems.push({
        path: [...path, key],
        text: `: there is no such key (its value: ${shown(inner)})${didYouMean(key, properties, root, path)}`,
      });
  }
  for (const key of required) {
    if (value[key] === undefined)
      problems.push({
        path: [...path, key],
        text: ` is missing: ${properties[key].description}: ${allowed(properties[key])}`,
        isMissing: true,
      });
  }
  return problems;
}

function listProblems(value: unknown[], schema: Schema, root: Schema, path: Path): Problem[] {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, items } = schema;
  const problems = value.flatMap((entry, i) => problemsOf(entry, items!, root, [...path, i]));
  if (value.length < minItems || value.length > maxItems)
    problems.push({ path, text: ` has ${value.length} entries; allowed are ${minItems} to ${maxItems}` });
  return problems;
}

function isAllowed(value: unknown, { type, enum: values, minimum = 0, maximum = 0, minLength = 0, pattern }: Schema): boolean {
  if (values !== undefined) return values.includes(value as string);
  if (type === 'integer') return Number.isInteger(value) && (value as number) >= minimum && (value as number) <= maximum;
  return typeof value === 'string' && value.length >= minLength && (pattern === undefined || new RegExp(pattern, 'u').test(value));
}

function notAllowed(value: unknown, schema: Schema, path: Path): Problem {
  const near = typeof value === 'string' && schema.enum !== undefined ? nearest(value, schema.enum.map(String)) : undefined;
  return { path, text: `: ${shown(value)} is not ${allowed(schema)}${near === undefined ? '' : `; did you mean ${near}?`}` };
}

/** The key beside it that is spelt almost so, or one elsewhere that has its name. */
function didYouMean(key: string, properties: Record<string, Schema>, root: Schema, path: Path): string {
  const near = nearest(key, Object.keys(properties));
  if (near !== undefined) return `; did you mean ${pathName([...path, near])}?`;
  const elsewhere = keysOf(root).filter((known) => known.at(-1) === key);
  if (elsewhere.length > 0) return `; did you mean ${elsewhere.map(pathName).join(' or ')}?`;
  return `; known: ${Object.keys(properties).sort().join(', ')}`;
}

/** All keys outside of lists, those inside others after them. */
export function keysOf(schema: Schema, path: Path = []): Path[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => [[...path, key], ...keysOf(inner, [...path, key])]);
}

/** The word that a misspelt one is nearest to: a letter in three may be wrong. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const ranked = known.map((candidate) => ({ candidate, distance: editDistance(lower, candidate.toLowerCase()) }));
  const best = ranked.sort((a, b) => a.distance - b.distance)[0];
  return best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined;
}

/** Letters to insert, take out, replace or swap with the next. */
function editDistance(a: string, b: string): number {
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + Number(a[i - 1] !== b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length];
}
