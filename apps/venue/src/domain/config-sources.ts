/**
 * A configuration's sources, the stronger over the weaker: defaults, demo, file, environment, command line. Each is checked by the same
 * schema, what they amount to once more as a whole; all that is wrong is told at once, with the source that says it.
 */
import fs from 'node:fs';
import { ConfigError, DEFAULTS } from './config.ts';
import { keysOf, nearest, type Path, type Problem, pathName, problemsOf, problemText, shown } from './config-check.ts';
import { relationProblems } from './config-relations.ts';
import { VENUE_SCHEMA, type VenueConfig } from './config-schema.ts';
import type { Schema } from './schema.ts';
import { keyTwice } from './strict-json.ts';

/** Values of one source, by key. */
export interface Source {
  /** as people know it: `default`, `file`, `environment`, `option` */
  readonly kind: string;
  readonly values: Record<string, unknown>;
  /** where a key of it stands, before a message: `venue.json: ` */
  readonly where: (path: Path) => string;
  /** what is wrong with it that its values do not show */
  readonly problems?: readonly string[];
}

export interface Resolved {
  readonly config: VenueConfig;
  /** source of each value, by the path's name: of `limits.orders` as of `port` */
  readonly origins: ReadonlyMap<string, string>;
}

const nowhere = () => '';

export function sourceOf(kind: string, values: object): Source {
  return { kind, values: values as Record<string, unknown>, where: nowhere };
}

/** Reads a JSON file: what it holds is not checked yet. Throws ConfigError when it is no JSON object. */
export function fileSource(file: string): Source {
  let text: string;
  let values: unknown;
  try {
    text = fs.readFileSync(file, 'utf8');
    values = JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${file}: ${(error as Error).message}`);
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) throw new ConfigError(`${file}: must be a JSON object`);
  const twice = keyTwice(text);
  const problems = twice === undefined ? [] : [`${file}: "${twice.key}" is there twice in the same object: again in line ${twice.line}`];
  const { $schema: _, ...rest } = values as Record<string, unknown>;
  return { kind: 'file', values: rest, where: () => `${file}: `, problems };
}

/**
 * What a file says, with the rest of `limits` and the like where it says a part of them. Throws ConfigError for keys and values that the
 * schema does not allow; what they have to do with each other is looked at when a venue starts.
 */
export function readConfig(file: string): Partial<VenueConfig> {
  const source = fileSource(file);
  const problems = problemsOf(source.values, VENUE_SCHEMA).filter((problem) => !problem.isMissing || isInList(problem));
  const config = merge(VENUE_SCHEMA, [sourceOf('default', DEFAULTS), source], [], new Map()) as VenueConfig;
  if (problems.length === 0) problems.push(...problemsOf(config, VENUE_SCHEMA));
  const texts = [...(source.problems ?? []), ...problems.map((problem) => source.where(problem.path) + problemText(problem))];
  if (texts.length > 0) throw new ConfigError(texts);
  return Object.fromEntries(Object.entries(config).filter(([key]) => says(source.values, key)));
}

function isInList({ path }: Problem): boolean {
  return path.some((part) => typeof part === 'number');
}

const PREFIX = 'OUTCRY_CONFIG_';
/** Older than the others, and in people's scripts. */
const OPERATOR_KEY_FILE = 'OUTCRY_OPERATOR_KEY_FILE';

/** The variable of a key: OUTCRY_CONFIG_CONNECTIONS_PER_ADDRESS. */
export function variableOf(path: Path): string {
  return PREFIX + path.map((part) => String(part).replace(/[A-Z]/g, '_$&').toUpperCase()).join('_');
}

/** What the environment says. Variables of the prefix that are no key's are wrong. */
export function environmentSource(environment: NodeJS.ProcessEnv): Source {
  const known = new Map(keysOf(VENUE_SCHEMA).map((path) => [variableOf(path), path]));
  const values = {};
  const unknown: string[] = [];
  const older = environment[OPERATOR_KEY_FILE];
  if (older !== undefined && older !== '') put(values, ['operatorKeyFile'], older);
  const names = Object.keys(environment).filter((name) => name.startsWith(PREFIX));
  for (const name of names.sort((a, b) => a.length - b.length)) {
    const path = known.get(name);
    if (path === undefined) unknown.push(`${name}: there is no such key${suggestion(name, [...known.keys()])}`);
    else put(values, path, readText(environment[name] ?? '', schemaAt(path)));
  }
  const where = (path: Path) => `${nameGiven(path, environment)}: `;
  return { kind: 'environment', values, where, problems: unknown };
}

function suggestion(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

function nameGiven(path: Path, environment: NodeJS.ProcessEnv): string {
  for (let length = path.length; length > 0; length--) {
    const name = variableOf(path.slice(0, length));
    if (environment[name] !== undefined) return name;
  }
  return OPERATOR_KEY_FILE;
}

/**
 * What the command line says: options of their own, and `--set KEY=VALUE`, the last of which wins. One that is no such pair, or whose
 * key there is not, is wrong.
 */
export function optionsSource(options: Readonly<Record<string, string | undefined>>, settings: readonly string[]): Source {
  const values = {};
  const given = new Map<string, string>();
  const problems: string[] = [];
  const known = new Map(keysOf(VENUE_SCHEMA).map((path) => [pathName(path), path]));
  const take = (path: Path, text: string, option: string) => {
    put(values, path, readText(text, schemaAt(path)));
    given.set(pathName(path), option);
  };
  for (const [key, text] of Object.entries(options))
    if (text !== undefined) take([key], text, `--${key.replace(/[A-Z]/g, '-$&').toLowerCase()}`);
  for (const setting of settings) {
    const [key, ...rest] = setting.split('=');
    const path = known.get(key);
    if (rest.length === 0) problems.push(`--set ${shown(setting)}: must be KEY=VALUE`);
    else if (path === undefined) problems.push(`--set ${key}: there is no such key${suggestion(key, [...known.keys()])}`);
    else take(path, rest.join('='), '--set');
  }
  const where = (path: Path) => `${path.map((_, i) => given.get(pathName(path.slice(0, i + 1)))).findLast(Boolean) ?? '--set'}: `;
  return { kind: 'option', values, where, problems };
}

function schemaAt(path: Path): Schema {
  return path.reduce((schema: Schema, part) => schema.properties![part], VENUE_SCHEMA);
}

/** A text as its key's type: what cannot be one stays a text, which the check then refuses. */
function readText(text: string, { type }: Schema): unknown {
  if (type === 'integer') return /^-?\d{1,16}$/.test(text) ? Number(text) : text;
  if (type === 'string') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function put(values: Record<string, unknown>, path: Path, value: unknown): void {
  const [key, ...rest] = path;
  if (rest.length === 0) values[key] = value;
  else {
    values[key] ??= {};
    // What is no object is told of: the part of it that comes after it as well would hide it.
    if (typeof values[key] === 'object') put(values[key] as Record<string, unknown>, rest, value);
  }
}

/**
 * The sources' values over the defaults, weakest first. Throws ConfigError with everything that is wrong.
 * @param remedy where there is nothing to trade
 */
export function resolve(sources: readonly Source[], remedy = ''): Resolved {
  const all = [sourceOf('default', DEFAULTS), ...sources];
  const origins = new Map<string, string>();
  const config = merge(VENUE_SCHEMA, all, [], origins) as VenueConfig;
  const lines = sources.flatMap(({ problems = [] }) => problems);
  const unsound = new Set<unknown>();
  const report = (problem: Problem, where: string) => {
    unsound.add(problem.path[0]);
    lines.push(where + problemText(problem));
  };
  for (const { values, where } of sources) {
    for (const problem of problemsOf(values, VENUE_SCHEMA))
      if (!problem.isMissing || isInList(problem)) report(problem, where(problem.path));
  }
  const whereOf = (path: Path) => whoSays(sources, path)?.where(path) ?? '';
  // What one source leaves out another may have said.
  for (const problem of problemsOf(config, VENUE_SCHEMA))
    if (problem.isMissing && !isInList(problem)) report(problem, whereOf(problem.path));
  for (const problem of relationProblems(config, (key) => !unsound.has(key)))
    lines.push(problem.path.length === 0 ? problem.text + remedy : whereOf(problem.path) + problemText(problem));
  if (lines.length > 0) throw new ConfigError(lines);
  return { config, origins };
}

/** The source that says most of a path, the strongest of those. */
function whoSays(sources: readonly Source[], path: Path): Source | undefined {
  const depth = ({ values }: Source) => {
    let at: unknown = values;
    const end = path.findIndex((part) => {
      at = typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[part] : undefined;
      return at === undefined;
    });
    return end < 0 ? path.length : end;
  };
  const deepest = Math.max(0, ...sources.map(depth));
  return deepest === 0 ? undefined : sources.findLast((source) => depth(source) === deepest);
}

function says(values: Record<string, unknown>, key: string | number): boolean {
  return Object.hasOwn(values, key) && values[key] !== undefined;
}

/** Objects key by key; all else, lists too, as the strongest source has it. */
function merge(schema: Schema, sources: readonly Pick<Source, 'kind' | 'values'>[], path: Path, origins: Map<string, string>): object {
  const merged: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(schema.properties!)) {
    const saying = sources.filter(({ values }) => says(values, key));
    const strongest = saying.at(-1);
    if (strongest === undefined) continue;
    const value = strongest.values[key];
    const isPlain = (one: unknown) => typeof one === 'object' && one !== null && !Array.isArray(one);
    if (inner.properties !== undefined && isPlain(value)) {
      const plain = saying.filter(({ values }) => isPlain(values[key]));
      const within = plain.map(({ kind, values }) => ({ kind, values: values[key] as Record<string, unknown> }));
      merged[key] = merge(inner, within, [...path, key], origins);
    } else {
      merged[key] = value;
      origins.set(pathName([...path, key]), strongest.kind);
    }
  }
  return merged;
}
