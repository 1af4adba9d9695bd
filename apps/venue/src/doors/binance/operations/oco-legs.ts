/** What the two orders of an OCO must be: their types by their side and place, and their prices. */
import { ApiError } from '../../http/errors.ts';
import type { Parameters } from '../parameters.ts';

const LIMITS = ['LIMIT_MAKER'];
const STOPS = ['STOP_LOSS', 'STOP_LOSS_LIMIT'];
const PROFITS = ['TAKE_PROFIT', 'TAKE_PROFIT_LIMIT'];
const TYPES = [...LIMITS, ...STOPS, ...PROFITS];

/** By side: where each kind must be, and what is said when it is elsewhere. */
const PLACES = {
  BUY: [
    { types: LIMITS, place: 'below', code: -1165, text: 'A limit order in a buy OCO must be below.' },
    { types: STOPS, place: 'above', code: -1196, text: 'A stop loss order in a buy OCO must be above.' },
    { types: PROFITS, place: 'below', code: -1198, text: 'A take profit order in a buy OCO must be below.' },
  ],
  SELL: [
    { types: LIMITS, place: 'above', code: -1166, text: 'A limit order in a sell OCO must be above.' },
    { types: STOPS, place: 'below', code: -1197, text: 'A stop loss order in a sell OCO must be below.' },
    { types: PROFITS, place: 'above', code: -1199, text: 'A take profit order in a sell OCO must be above.' },
  ],
};

/**
 * Checks a pair's types, and icebergs among them.
 * Throws ApiError -1158, -1160, -1165, -1166, -1168, -1196 to -1199.
 * @param names of the parameters of the two, as they begin: `above` and `below`, or `pendingAbove` and `pendingBelow`
 */
export function checkPair(sent: Parameters, side: string, names: readonly [above: string, below: string]): void {
  const types = names.map((name) => sent[`${name}Type`]);
  for (const type of types) if (!TYPES.includes(type)) throw new ApiError(-1158, 'Order type not supported in OCO.');
  if (types.every((type) => LIMITS.includes(type))) throw new ApiError(-1168, 'At least one OCO order must be contingent.');
  if (side !== 'BUY' && side !== 'SELL') return; // the reader of orders refuses it
  for (const [i, type] of types.entries()) {
    const rule = PLACES[side].find(({ types: kind }) => kind.includes(type))!;
    if (rule.place !== ['above', 'below'][i]) throw new ApiError(rule.code, rule.text);
  }
  for (const name of names) {
    const isIceberg = sent[`${name}IcebergQty`] !== undefined && sent[`${name}Type`] === 'STOP_LOSS_LIMIT';
    if (isIceberg && sent[`${name}TimeInForce`] !== 'GTC')
      throw new ApiError(-1160, `Parameter '${name}IcebergQty' is not supported if '${name}TimeInForce' is not GTC.`);
  }
}

/** Checks that the market is between the two. Ticks: of the orders, undefined where one has no price yet; of the last trade, 0: none. */
export function checkPrices(above: number | undefined, below: number | undefined, last: number): void {
  const isApart = above === undefined || below === undefined || above > below;
  const isAround = last === 0 || ((above === undefined || above > last) && (below === undefined || below < last));
  if (!isApart || !isAround) throw new ApiError(-2010, 'The relationship of the prices for the orders is not correct.');
}
