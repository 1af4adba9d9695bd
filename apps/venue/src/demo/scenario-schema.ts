/** What a scenario file may say: the one place for it, for the check, the types, and the JSON Schema that editors complete by. */
import { type Static, type TProperties, Type } from 'typebox';
import { list, object, oneOf, type Schema, text, whole } from '../domain/schema.ts';

export const MOST_STEPS = 10_000;
/** A day of scenario time. */
const MOST_MS = 86_400_000;

const share = (description: string, value?: string) =>
  text('^\\d{1,3}(\\.\\d{1,6})?%$', 'a percentage in quotes, without sign: "0.2%"', description, value);
const change = (description: string) => text('^[+-]?\\d{1,4}(\\.\\d{1,6})?%$', 'a percentage in quotes: "-2.5%"', description);
const decimal = (description: string) =>
  text('^\\d{1,20}(\\.\\d{1,20})?$', 'a decimal number in quotes, without sign and exponent: "0.01"', description);
const symbol = Type.Optional(text('^[A-Z0-9]{1,20}$', '1 to 20 of A-Z and 0-9', 'its instrument; left out: each of them'));
const name = (description: string) => text('^[A-Za-z0-9_-]{1,32}$', '1 to 32 of letters, digits, _ and -', description);

const SETTINGS = {
  orders: whole(0, 2000, 'orders that the makers keep open; 0: none', 80),
  spread: share('from the middle to the nearest quote, at least', '0.002%'),
  width: share('from the nearest quote to the furthest, at most', '0.2%'),
  volatility: share('the most that the middle moves by chance in a turn of 20 ms', '0.01%'),
  takersPerMinute: whole(0, 3000, 'orders that take from the book, a minute of scenario time', 450),
  buyers: share('of these, how many buy', '50%'),
  orderValue: whole(1, 10_000_000, 'the most that an order is worth, of the quote asset', 10_000),
};

const SOME_SETTINGS = {
  orders: Type.Optional(SETTINGS.orders),
  spread: Type.Optional(SETTINGS.spread),
  width: Type.Optional(SETTINGS.width),
  volatility: Type.Optional(SETTINGS.volatility),
  takersPerMinute: Type.Optional(SETTINGS.takersPerMinute),
  buyers: Type.Optional(SETTINGS.buyers),
  orderValue: Type.Optional(SETTINGS.orderValue),
};

const ORDER = {
  side: oneOf(['BUY', 'SELL'], 'its side'),
  quantity: Type.Optional(decimal('its quantity; needs "symbol" where several instruments trade')),
  value: Type.Optional(whole(1, 1_000_000_000, 'in place of "quantity": what it is worth, of the quote asset')),
  price: Type.Optional(decimal('its price; needs "symbol" where several instruments trade')),
  distance: Type.Optional(
    change(
      'in place of "price": how far behind the middle it rests; below 0%: how far beyond it, so that it trades; neither: at any price',
    ),
  ),
  name: Type.Optional(name('what a cancel calls it by')),
  symbol,
};

const BOOK_ORDER = object(ORDER, 'an order of the first book');

export type Action = 'walk' | 'gap' | 'set' | 'order' | 'cancel' | 'halt' | 'resume';
const ACTIONS: Action[] = ['walk', 'gap', 'set', 'order', 'cancel', 'halt', 'resume'];

const AT = whole(0, MOST_MS, 'milliseconds of scenario time');

function step<A extends Action, P extends TProperties>(action: A, properties: P) {
  return object({ at: AT, do: oneOf([action], 'what happens'), ...properties, symbol }, `a step that does "${action}"`);
}

const WALK = step('walk', {
  by: change('how far the middle goes, of where it is'),
  overMs: whole(20, MOST_MS, 'milliseconds that it takes'),
});
const GAP = step('gap', { by: change('how far the middle jumps, of where it is') });
const SET = step('set', SOME_SETTINGS);
const ORDER_STEP = step('order', ORDER);
const CANCEL = step('cancel', { order: name('the name of the order') });
const HALT = step('halt', {});
const RESUME = step('resume', {});

const OUTER = {
  description: Type.Optional(text('^[^\\n]{1,200}$', 'one line of at most 200 characters', 'what it is good for')),
  loopMs: Type.Optional(whole(1000, MOST_MS, 'milliseconds after which it begins again; left out: its last settings stay')),
  market: Type.Optional(object(SOME_SETTINGS, 'settings of the flow in the beginning')),
  book: Type.Optional(list(BOOK_ORDER, "orders of the first book, beside the makers'", { maxItems: MOST_STEPS })),
};

/** All but the steps, which are looked at one by one. */
export const OUTER_SCHEMA = object(
  {
    ...OUTER,
    steps: Type.Optional(
      list(object({ at: AT, do: oneOf(ACTIONS, 'what happens') }, 'a step'), 'what happens when', { maxItems: MOST_STEPS }),
    ),
  },
  'a scenario of the demo',
) as unknown as Schema;

export const STEP_SCHEMAS = {
  walk: WALK,
  gap: GAP,
  set: SET,
  order: ORDER_STEP,
  cancel: CANCEL,
  halt: HALT,
  resume: RESUME,
} as unknown as Record<Action, Schema>;

export const SETTING_KEYS = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[];
export const SETTING_DEFAULTS = Object.fromEntries(
  Object.entries(SETTINGS).map(([key, schema]) => [key, (schema as unknown as Schema).default]),
) as unknown as Required<SettingsText>;

export type SettingsText = Static<ReturnType<typeof settingsObject>>;
export type OrderText = Static<typeof BOOK_ORDER>;
export type Step =
  | Static<typeof WALK>
  | Static<typeof GAP>
  | Static<typeof SET>
  | Static<typeof ORDER_STEP>
  | Static<typeof CANCEL>
  | Static<typeof HALT>
  | Static<typeof RESUME>;

/** A scenario as it is written. */
export interface ScenarioFile {
  readonly description?: string;
  readonly loopMs?: number;
  readonly market?: SettingsText;
  readonly book?: readonly OrderText[];
  readonly steps?: readonly Step[];
}

function settingsObject() {
  return object(SOME_SETTINGS, '');
}

/** The JSON Schema of a scenario file, for editors. */
export function scenarioSchema(): object {
  const { properties, ...head } = OUTER_SCHEMA;
  const steps = { ...properties!.steps, items: { anyOf: Object.values(STEP_SCHEMAS) } };
  const $schema = { type: 'string', description: "this schema's address, for editors" };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Outcry scenario',
    ...head,
    properties: { $schema, ...properties, steps },
  };
}
