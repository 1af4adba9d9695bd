/** Reads administrators' requests field by field. */
import type { Services } from '../../core/services.ts';
import type { Instrument } from '../../domain/market.ts';
import { errors } from '../http/errors.ts';

/** What an administrator sent, read field by field. Everything here throws ApiError, with the field's name. */
export type Body = Record<string, unknown>;

/**
 * What a request brings, empty when it brings nothing. Throws ApiError for a field that means nothing there: a misspelt limit is none.
 * @param fields those that may be sent; undefined: whoever reads them checks each name
 */
export function bodyOf({ body }: { body: unknown }, fields: readonly string[] | undefined): Body {
  if (body === undefined || body === null) return {};
  if (typeof body !== 'object' || Array.isArray(body)) throw errors.illegal('body', 'an object');
  const strange = fields === undefined ? undefined : Object.keys(body).find((name) => !fields.includes(name));
  if (strange !== undefined) throw errors.illegal(strange, fields!.length === 0 ? 'nothing is read here' : fields!.join(', '));
  return body as Body;
}

export function instrumentNamed(services: Services, symbol: string): Instrument {
  const instrument = services.market.find(symbol);
  if (instrument === undefined) throw errors.badSymbol();
  return instrument;
}

/** The number of a name in a table of names. */
export function code(table: Record<string, number>, what: string, name: unknown): number {
  if (typeof name !== 'string' || !Object.hasOwn(table, name)) throw errors.illegal(what, Object.keys(table).join(', '));
  return table[name];
}

export function text(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string' || value === '') throw errors.missing(name);
  return value;
}

export function whole(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw errors.illegal(name, 'a whole number');
  return value;
}

/** A whole number of 32 bits, as commands hold it. */
export function word(name: string, value: unknown): number {
  const number = whole(name, value);
  if (number !== (number | 0)) throw errors.illegal(name, 'a whole number of 32 bits');
  return number;
}

/** A decimal, which is sent as a text: a number of JSON may have lost places already. */
export function decimal(name: string, value: unknown): string {
  if (typeof value !== 'string') throw errors.illegal(name, 'a decimal, as a text');
  return value;
}

/** The name of something else. */
export function named(name: string, value: unknown): string {
  if (typeof value !== 'string') throw errors.illegal(name, 'a name');
  return value;
}
