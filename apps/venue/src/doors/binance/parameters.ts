/** Parameters of requests, as they arrive over REST and WebSocket, and their checks. */
import type { TObject, TSchema } from 'typebox';
import { errors } from '../http/errors.ts';

export type Parameters = Record<string, string>;

/** An order list has at most 40. */
const MOST_PARAMETERS = 100;

/** What a request says in its query and in its body: where both say it, the query's word counts. Throws as {@link parseForm}. */
export function parseForms(query: string, body: string): Parameters {
  if (body === '') return parseForm(query);
  const parameters = parseForm(body);
  return Object.assign(parameters, parseForm(query, Object.keys(parameters).length));
}

/**
 * A query string or form body as parameters. Throws ApiError -1101 when one is sent twice, or there are too many: before they are parsed.
 * @param count of those that were sent elsewhere
 */
export function parseForm(text: string, count = 0): Parameters {
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) if (++count >= MOST_PARAMETERS) throw tooManyParameters();
  const parameters: Parameters = Object.create(null);
  if (ENCODED.test(text)) {
    for (const [name, value] of new URLSearchParams(text)) set(parameters, name, value);
    return parameters;
  }
  // What has nothing to decode, as most requests, is taken apart at a third of the cost.
  for (let from = 0; from < text.length; ) {
    const next = text.indexOf('&', from);
    const to = next < 0 ? text.length : next;
    const equals = text.indexOf('=', from);
    if (equals >= 0 && equals < to) set(parameters, text.slice(from, equals), text.slice(equals + 1, to));
    else if (to > from) set(parameters, text.slice(from, to), '');
    from = to + 1;
  }
  return parameters;
}

/** What a form may hold in another spelling: anything but the plain characters of ASCII. */
const ENCODED = /[^!-*,-~]|%/;

function set(parameters: Parameters, name: string, value: string): void {
  if (name in parameters) throw errors.tooMany(`'${name}' was sent more than once`);
  parameters[name] = value;
}

/** Lists and objects in a message: few have more than three. Text that only opens them costs a hundred times as much as other text. */
const MOST_BRACKETS = 256;
/** Numbers that may not come back from a double as they were written. Others need no reviver, which halves the speed. */
const INEXACT = /:\s*-?(?:\d{16}|\d*[.eE])/;

/** In place of an id that would come back as another number. */
const CHANGED = {};

/**
 * Parses a client's JSON, in which a number of an object stays the text that was sent: a price is not rounded to what a double holds. A
 * request's id stays a number, and so do numbers in lists, and those that a double holds as they are written. Throws SyntaxError.
 */
export function parseExactly(text: string): unknown {
  let brackets = 0;
  for (const bracket of ['[', '{']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1))
      if (++brackets > MOST_BRACKETS) throw new SyntaxError('too many lists and objects');
  }
  if (!INEXACT.test(text)) return JSON.parse(text);
  return JSON.parse(text, keepNumber as (this: unknown, key: string, value: unknown) => unknown);
}

function keepNumber(this: unknown, key: string, value: unknown, { source }: { source?: string }): unknown {
  if (typeof value !== 'number' || Array.isArray(this)) return value;
  if (key === 'id') return String(value) === source ? value : CHANGED;
  return source;
}

/** Whether an answer can bear it as it was sent. Whole numbers that a double may have been rounded to are none. */
export function isRequestId(id: unknown): id is string | number | null | undefined {
  if (typeof id === 'number') return Number.isSafeInteger(id) || !Number.isInteger(id);
  return id === undefined || id === null || typeof id === 'string';
}

/** Parameters that arrived as JSON: numbers and booleans become their decimal text. Throws ApiError -1100, or -1101 when there are too many. */
export function fromJson(sent: unknown): Parameters {
  if (sent === undefined || sent === null) return Object.create(null);
  if (typeof sent !== 'object' || Array.isArray(sent)) throw errors.illegal('params', 'an object');
  const parameters: Parameters = Object.create(null);
  const entries = Object.entries(sent);
  if (entries.length > MOST_PARAMETERS) throw tooManyParameters();
  for (const [name, value] of entries) {
    if (typeof value === 'string') parameters[name] = value;
    else if (typeof value === 'number' || typeof value === 'boolean') parameters[name] = String(value);
    else if (Array.isArray(value)) parameters[name] = JSON.stringify(value);
    else throw errors.illegal(name, 'a string or a number');
  }
  return parameters;
}

function tooManyParameters(): Error {
  return errors.tooMany(`at most ${MOST_PARAMETERS} may be sent`);
}

/** Sent with every signed request, read by the security check. */
const SIGNED = ['timestamp', 'recvWindow', 'signature', 'apiKey'];

/** A schema's checks, made ready once. */
interface Check {
  required: readonly string[];
  /** by name: what its value must be like, if anything */
  patterns: ReadonlyMap<string, RegExp | undefined>;
}

const checks = new WeakMap<TObject, Check>();

function checkOf(schema: TObject): Check {
  let check = checks.get(schema);
  if (check === undefined) {
    const properties = Object.entries(schema.properties as Record<string, TSchema & { pattern?: string }>);
    const patterns = new Map(properties.map(([name, { pattern }]) => [name, pattern === undefined ? undefined : new RegExp(pattern)]));
    check = { required: (schema.required as string[] | undefined) ?? [], patterns };
    checks.set(schema, check);
  }
  return check;
}

/**
 * Checks parameters against an operation's schema, which the documentation is made from too: all are strings, most with a pattern.
 * Throws ApiError -1100 (illegal), -1102 (missing), -1104 (unknown) or -1105 (empty).
 */
export function checkParameters(schema: TObject, sent: Parameters, signed: boolean): void {
  const { required, patterns } = checkOf(schema);
  for (const name of required) if (sent[name] === undefined) throw errors.missing(name);
  let read = 0;
  let count = 0;
  for (const name in sent) {
    count++;
    const pattern = patterns.get(name);
    const isSigned = signed && SIGNED.includes(name);
    if (!isSigned && pattern === undefined && !patterns.has(name)) continue;
    read++;
    if (isSigned) continue;
    const value = sent[name];
    if (value === '') throw required.includes(name) ? errors.missing(name) : errors.empty(name);
    if (pattern?.test(value) === false) throw errors.illegal(name, pattern.source);
  }
  if (read < count) throw errors.unread(read, count);
}

/** As {@link checkParameters}, of names alone. Throws ApiError -1104. */
export function checkNames(known: readonly string[], sent: Parameters): void {
  const names = Object.keys(sent);
  const read = names.filter((name) => known.includes(name) || SIGNED.includes(name)).length;
  if (read < names.length) throw errors.unread(read, names.length);
}

/** What times are told in, where a client says which. Throws ApiError -1194 for anything but milliseconds. */
export function checkTimeUnit(unit: string | null | undefined): void {
  if (unit !== null && unit !== undefined && unit.toUpperCase() !== 'MILLISECOND') throw errors.invalidTimeUnit();
}

/** A whole number out of a checked parameter, or a default; clipped to a range. */
export function integer(parameters: Parameters, name: string, otherwise: number, least: number, most: number): number {
  const text = parameters[name];
  return text === undefined ? otherwise : Math.min(Math.max(Number(text), least), most);
}

export function optionalInteger(parameters: Parameters, name: string): number | undefined {
  return parameters[name] === undefined ? undefined : Number(parameters[name]);
}
