/** Reads and checks scenarios: what is wrong is told all at once, with its key and its value. */
import fs from 'node:fs';
import { DecimalError } from '@outcry/market/decimal';
import { ConfigError } from '../domain/config.ts';
import { nearest, type Path, type Problem, problemsOf, problemText, shown } from '../domain/config-check.ts';
import { fileSource } from '../domain/config-sources.ts';
import type { Instrument, Market } from '../domain/market.ts';
import {
  type Action,
  type OrderText,
  OUTER_SCHEMA,
  type ScenarioFile,
  type SettingsText,
  STEP_SCHEMAS,
  type Step,
} from './scenario-schema.ts';
import { SCENARIOS } from './scenarios.ts';

/** A scenario that was checked. */
export interface Scenario extends ScenarioFile {
  readonly name: string;
}

/** What the demo plays when nothing else is said. */
export const EVERYDAY = 'everyday';

/** A scenario by its name, or from a file. Throws ConfigError with all that is wrong. */
export function findScenario(nameOrFile: string, market: Market): Scenario {
  if (Object.hasOwn(SCENARIOS, nameOrFile)) return checkScenario(nameOrFile, SCENARIOS[nameOrFile], market);
  if (!/[./\\]/.test(nameOrFile) && !fs.existsSync(nameOrFile)) throw new ConfigError(unknownScenario(nameOrFile));
  const { values, problems = [] } = fileSource(nameOrFile);
  return checkScenario(nameOrFile, values, market, `${nameOrFile}: `, problems);
}

export function unknownScenario(name: string): string {
  const names = Object.keys(SCENARIOS);
  const near = nearest(name, names);
  return `unknown scenario ${shown(name)}${near === undefined ? '' : `; did you mean ${near}?`} Known: ${names.join(', ')}, or a file`;
}

/** Checks what a scenario says against a market. Throws ConfigError. @param where goes before each message */
export function checkScenario(name: string, values: unknown, market: Market, where = '', found: readonly string[] = []): Scenario {
  let problems = shapeProblems(values);
  if (problems.length === 0) problems = meaningProblems(values as ScenarioFile, market);
  const lines = [...found, ...problems.map((problem) => where + problemText(problem))];
  if (lines.length > 0) throw new ConfigError(lines, 'scenario');
  return { ...(values as ScenarioFile), name };
}

/** Keys and values. A step is looked at by what it does. */
function shapeProblems(values: unknown): Problem[] {
  const { steps, ...outer } = (typeof values === 'object' && values !== null ? values : {}) as Record<string, unknown>;
  if (typeof values !== 'object' || values === null || !Array.isArray(steps)) return problemsOf(values, OUTER_SCHEMA);
  const most = problemsOf({ steps: Array(steps.length).fill({ at: 0, do: 'halt' }) }, OUTER_SCHEMA);
  return [...problemsOf(outer, OUTER_SCHEMA), ...most, ...steps.flatMap((step, i) => stepProblems(step, ['steps', i]))];
}

function stepProblems(step: unknown, path: Path): Problem[] {
  const action = (step as { do?: unknown } | null)?.do;
  const isKnown = typeof action === 'string' && Object.hasOwn(STEP_SCHEMAS, action);
  const schema = isKnown ? STEP_SCHEMAS[action as Action] : OUTER_SCHEMA.properties!.steps.items!;
  const problems = problemsOf(step, schema, schema, path);
  // What else a step may say depends on what it does.
  return isKnown
    ? problems
    : problems.filter((problem) => problem.path.length <= path.length || ['at', 'do'].includes(String(problem.path.at(-1))));
}

/** What a schema cannot say: instruments, decimals, names, and keys that exclude each other. */
function meaningProblems({ loopMs, market: settings, book = [], steps = [] }: ScenarioFile, market: Market): Problem[] {
  const problems: Problem[] = settings === undefined ? [] : settingProblems(settings, ['market']);
  const named = new Set<string>();
  const inTime = steps.map((step, i) => ({ step, path: ['steps', i] as Path })).sort((a, b) => a.step.at - b.step.at);
  for (const [i, order] of book.entries()) problems.push(...orderProblems(order, ['book', i], market, named));
  for (const { step, path } of inTime) {
    problems.push(...knownSymbol(step.symbol, path, market));
    if (loopMs !== undefined && step.at >= loopMs)
      problems.push({ path: [...path, 'at'], text: `: ${step.at} is not below loopMs, ${loopMs}: it would never happen` });
    if (step.do === 'walk' || step.do === 'gap') problems.push(...changeProblems(step.by, [...path, 'by']));
    else if (step.do === 'set') problems.push(...settingProblems(step, path));
    else if (step.do === 'order') problems.push(...orderProblems(step, path, market, named));
    else if (step.do === 'cancel' && !named.has(step.order))
      problems.push({ path: [...path, 'order'], text: `: unknown order ${shown(step.order)}: no order before it has this name` });
  }
  return problems;
}

function knownSymbol(symbol: string | undefined, path: Path, market: Market): Problem[] {
  if (symbol === undefined || market.find(symbol) !== undefined) return [];
  const known = market.instruments.map((instrument) => instrument.symbol).join(', ');
  return [{ path: [...path, 'symbol'], text: `: there is no instrument ${shown(symbol)}; known: ${known}` }];
}

/** A price cannot fall to nothing, nor rise to any height. */
function changeProblems(by: string, path: Path): Problem[] {
  const part = fractionOf(by);
  return part > -1 && part <= 10 ? [] : [{ path, text: `: ${shown(by)} must be above -100% and at most 1000%` }];
}

function settingProblems(settings: SettingsText | Step, path: Path): Problem[] {
  const limits = { spread: 0.5, width: 0.5, volatility: 0.1, buyers: 1 };
  return Object.entries(limits).flatMap(([key, most]) => {
    const value = (settings as Record<string, unknown>)[key];
    if (typeof value !== 'string' || fractionOf(value) <= most) return [];
    return [{ path: [...path, key], text: `: ${shown(value)} must be at most ${most * 100}%` }];
  });
}

function orderProblems(order: OrderText, path: Path, market: Market, named: Set<string>): Problem[] {
  const problems = path[0] === 'book' ? knownSymbol(order.symbol, path, market) : [];
  const { quantity, value, price, distance, name } = order;
  if ((quantity === undefined) === (value === undefined))
    problems.push({ path: [...path, 'quantity'], text: ': give either quantity or value' });
  if (price !== undefined && distance !== undefined)
    problems.push({ path: [...path, 'price'], text: ': give price or distance, not both' });
  if (path[0] === 'book' && price === undefined && distance === undefined)
    problems.push({ path: [...path, 'price'], text: ': an order of the first book needs a price or a distance' });
  const away = distance === undefined ? 0 : fractionOf(distance);
  if (Math.abs(away) >= 1) problems.push({ path: [...path, 'distance'], text: `: ${shown(distance)} must be between -100% and 100%` });
  for (const instrument of instrumentsOf(order.symbol, market)) {
    problems.push(...decimalProblems([...path, 'price'], price, (text) => instrument.parsePrice(text), instrument));
    problems.push(...decimalProblems([...path, 'quantity'], quantity, (text) => instrument.parseQuantity(text), instrument));
  }
  if (name !== undefined && named.has(name))
    problems.push({ path: [...path, 'name'], text: `: ${shown(name)} is the name of an order before it` });
  if (name !== undefined) named.add(name);
  return problems;
}

function decimalProblems(path: Path, text: string | undefined, parse: (text: string) => number, { symbol }: Instrument): Problem[] {
  if (text === undefined) return [];
  try {
    parse(text);
    return [];
  } catch (error) {
    if (!(error instanceof DecimalError)) throw error;
    return [{ path, text: `: ${error.message} (instrument ${symbol})` }];
  }
}

/** The instruments that a symbol means: all of them where there is none. */
export function instrumentsOf(symbol: string | undefined, market: Market): readonly Instrument[] {
  if (symbol === undefined) return market.instruments;
  const instrument = market.find(symbol);
  return instrument === undefined ? [] : [instrument];
}

/** `"-2.5%"` as -0.025. */
export function fractionOf(text: string): number {
  return Number(text.slice(0, -1)) / 100;
}
