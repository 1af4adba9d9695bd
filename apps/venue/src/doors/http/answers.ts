/** What answers are made of. Schemas of answers are for the documentation, and for the tests that compare them with answers. */
import type { SwaggerTransform } from '@fastify/swagger';
import { type TSchema, Type } from 'typebox';

/** Adds to a route's documentation what it answers. Fastify itself does not get these schemas: it would make JSON by them. */
export function documentAnswers(answer: TSchema): SwaggerTransform {
  const response = { 200: { description: 'Done', ...answer }, default: { description: 'Refused', ...refusal } };
  return ({ schema, url }) => ({ schema: { ...schema, response }, url });
}

/** An object with these fields and no others. */
export const object = (fields: Record<string, TSchema>) => Type.Object(fields, { additionalProperties: false });
/** An object that may have more fields than these. */
export const open = (fields: Record<string, TSchema>, description: string) => Type.Object(fields, { description });
/** Entries by name. */
export const byName = (entry: TSchema, description: string) => Type.Object({}, { additionalProperties: entry, description });
export const list = (entry: TSchema) => Type.Array(entry);
export const optional = Type.Optional;
export const either = (...schemas: TSchema[]) => Type.Union(schemas);
/** One for a request that names an instrument, else a list. */
export const oneOrList = (entry: TSchema) => either(entry, list(entry));
export const orNull = (schema: TSchema) => either(schema, Type.Null());
export const always = (value: string | number | boolean, description?: string) =>
  Type.Literal(value, { ...(description && { description }) });
export const oneOf = (values: readonly string[], description?: string) =>
  Type.String({ enum: [...values], ...(description && { description }) });
export const none = (description: string) => Type.Array(Type.Object({}), { maxItems: 0, description });

/** A list of as many entries, each of its own kind. (Typebox writes it as a draft before OpenAPI 3.1's has it.) */
export const places = (description: string, ...entries: TSchema[]) =>
  Type.Unsafe({ type: 'array', prefixItems: entries, items: false, minItems: entries.length, description });

const text = (pattern: string, description: string) => Type.String({ pattern, description });
export const amount = (description: string) => text('^[0-9]+(\\.[0-9]+)?$', description);
export const change = (description: string) => text('^-?[0-9]+(\\.[0-9]+)?$', description);
export const price = amount('In the quote asset');
export const quantity = amount('In the base asset');
export const money = amount('In the quote asset');
export const symbol = text('^[A-Z0-9-_.]{1,20}$', 'Symbol of an instrument');
export const asset = text('^[A-Z0-9]{1,16}$', 'Name of an asset');
export const clientId = Type.String({ description: 'What its client calls it' });
export const time = Type.Integer({ minimum: 0, description: 'Milliseconds since 1970' });
export const timeOrNone = Type.Integer({ minimum: -1, description: 'Milliseconds since 1970; -1: not yet' });
export const count = Type.Integer({ minimum: 0 });
export const flag = Type.Boolean();
export const id = (description: string) => Type.Integer({ minimum: 0, description });
/** An id that may be missing. */
export const idOrNone = (description: string) => Type.Integer({ minimum: -1, description: `${description}; -1: none` });

export const nothing = object({});

/** What a refused request is answered. */
export const refusal = object({
  code: Type.Integer({ exclusiveMaximum: 0, description: "Binance's code" }),
  msg: Type.String({ description: 'What is wrong' }),
  data: optional(Type.Object({}, { description: 'Of a cancel-replace: what became of both orders' })),
});
