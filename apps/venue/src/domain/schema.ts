/** What the schemas of people's files are made of: each key with its type, its bounds, and what it means in words. */
import { type TProperties, type TSchema, Type } from 'typebox';

/** What is said of a key, beside its type: `allowed` where the type and its bounds do not say it in words. */
interface Note {
  readonly allowed?: string;
  readonly default?: unknown;
}

/** Editors show `errorMessage` where a value is wrong. */
function note(description: string, { allowed, ...rest }: Note = {}): object {
  return { description, ...(allowed !== undefined && { errorMessage: allowed }), ...rest };
}

export function object<P extends TProperties>(properties: P, description: string, rest: Note = {}) {
  return Type.Object(properties, { additionalProperties: false, ...note(description, rest) });
}

export function whole(minimum: number, maximum: number, description: string, value?: number) {
  return Type.Integer({ minimum, maximum, ...note(description, value === undefined ? {} : { default: value }) });
}

export function powerOfTwo(least: number, most: number, description: string, value: number) {
  const values: number[] = [];
  for (let n = least; n <= most; n *= 2) values.push(n);
  const allowed = `a power of two from ${least} to ${most}`;
  return Type.Unsafe<number>({ type: 'integer', enum: values, ...note(description, { allowed, default: value }) });
}

export function oneOf<T extends string>(values: readonly T[], description: string, value?: T) {
  return Type.Unsafe<T>({ type: 'string', enum: values, ...note(description, value === undefined ? {} : { default: value }) });
}

export function text(pattern: string, allowed: string, description: string, value?: string) {
  return Type.String({ pattern, ...note(description, { allowed, ...(value !== undefined && { default: value }) }) });
}

export function fileName(description: string, value?: string) {
  return Type.String({ minLength: 1, ...note(description, { allowed: 'a path', ...(value !== undefined && { default: value }) }) });
}

export function list<T extends TSchema>(items: T, description: string, rest: { default?: []; minItems?: number; maxItems?: number } = {}) {
  return Type.Array(items, { description, ...rest });
}

/** The part of JSON Schema that is used here. */
export interface Schema {
  type: 'object' | 'array' | 'string' | 'integer';
  description: string;
  errorMessage?: string;
  default?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: (string | number)[];
  pattern?: string;
  minLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
}
