/** Error codes of REST and the WebSocket API: those of FIX and SBE alone are left out. */
import type { Fact } from './fact.ts';

export const errorCodes: Fact[] = [
  { name: '-1000 UNKNOWN', test: 'lanes.test.ts: each method of the WebSocket API weighs, session.status and nonsense too' },
  {
    name: '-1001 DISCONNECTED',
    test: 'faults.test.ts: refuses orders with -1001 until there is room, loses nothing acknowledged, and goes on',
  },
  { name: '-1002 UNAUTHORIZED', not: 'an unknown key is -2015, as Binance answers too' },
  {
    name: '-1003 TOO_MANY_REQUESTS',
    test: 'venue-limits.test.ts: answers 429 with the time to wait beyond the request weight and the orders allowed',
  },
  {
    name: '-1006 UNEXPECTED_RESP',
    test: 'faults.test.ts: ends all acknowledging with -1006, says so, and loses nothing acknowledged before',
  },
  { name: '-1007 TIMEOUT', test: 'faults.test.ts: does not stop trading; its lag shows, and every row is there once when it is back' },
  {
    name: '-1008 SERVER_BUSY',
    test: 'venue-limits.test.ts: answers -1008 or acknowledges, and nothing else, when more comes than the rings hold',
  },
  { name: '-1010 ERROR_MSG_RECEIVED', not: 'the engine’s refusals have codes of their own here: -2010, -2011' },
  { name: '-1013 INVALID_MESSAGE', test: 'bad-input.test.ts: a limit order with ' },
  { name: '-1014 UNKNOWN_ORDER_COMPOSITION', not: 'impossible combinations of terms are -2010, Unsupported order combination' },
  {
    name: '-1015 TOO_MANY_ORDERS',
    test: 'venue-limits.test.ts: answers 429 with the time to wait beyond the request weight and the orders allowed',
  },
  { name: '-1016 SERVICE_SHUTTING_DOWN', not: 'a venue that stops ends its connections; requests in flight get -1006' },
  { name: '-1020 UNSUPPORTED_OPERATION', not: 'no operation is there without being supported' },
  { name: '-1021 INVALID_TIMESTAMP', test: 'bad-input.test.ts: a wrong signature, key or time: -1022, -2014, -2015, -1021' },
  { name: '-1022 INVALID_SIGNATURE', test: 'bad-input.test.ts: a wrong signature, key or time: -1022, -2014, -2015, -1021' },
  {
    name: '-1034 TOO_MANY_CONNECTIONS',
    test: 'lanes.test.ts: a connection hears an account once; a key has so many connections that hear it, and another key still has its own',
  },
  { name: '-1100 ILLEGAL_CHARS', test: 'bad-input.test.ts: a limit order with ' },
  { name: '-1101 TOO_MANY_PARAMETERS', test: 'bad-input.test.ts: a body that is too large, of another kind, or says a parameter twice' },
  { name: '-1102 MANDATORY_PARAM_EMPTY_OR_MALFORMED', test: 'bad-input.test.ts: a limit order with ' },
  { name: '-1103 UNKNOWN_PARAM', not: 'an unknown parameter is -1104' },
  { name: '-1104 UNREAD_PARAMETERS', test: 'bad-input.test.ts: a limit order with ' },
  { name: '-1105 PARAM_EMPTY', test: 'bad-input.test.ts: a limit order with ' },
  { name: '-1106 PARAM_NOT_REQUIRED', test: 'bad-input.test.ts: a limit order with ' },
  { name: '-1108 PARAM_OVERFLOW', not: 'values that overflow are -1100 or a filter, by their parameter' },
  { name: '-1111 BAD_PRECISION', test: 'bad-input.test.ts: a limit order with ' },
  { name: '-1112 NO_DEPTH', not: 'a market order on an empty book expires' },
  { name: '-1114 TIF_NOT_REQUIRED', not: '-1106 says so' },
  { name: '-1115 INVALID_TIF', test: 'bad-input.test.ts: a limit order with ' },
  { name: '-1116 INVALID_ORDER_TYPE', test: 'bad-input.test.ts: a limit order with ' },
  { name: '-1117 INVALID_SIDE', test: 'bad-input.test.ts: a limit order with ' },
  { name: '-1118 EMPTY_NEW_CL_ORD_ID', not: 'an empty parameter is -1105' },
  { name: '-1119 EMPTY_ORG_CL_ORD_ID', not: 'an empty parameter is -1105' },
  { name: '-1120 BAD_INTERVAL', test: 'bad-input.test.ts: market data that does not exist' },
  { name: '-1121 BAD_SYMBOL', test: 'bad-input.test.ts: market data that does not exist' },
  {
    name: '-1122 INVALID_SYMBOLSTATUS',
    test: 'binance-tickers.test.ts: of instruments with a status: others are left out, one that is named is refused',
  },
  { name: '-1125 INVALID_LISTEN_KEY', test: 'credentials.test.ts: that may read sees, and changes nothing: no order, no list, no session' },
  {
    name: '-1127 MORE_THAN_XX_HOURS',
    test: 'order-refusals.test.ts: history over more than 24 hours, from an id and within times at once, and no rows at all',
  },
  {
    name: '-1128 OPTIONAL_PARAMS_BAD_COMBO',
    test: 'order-refusals.test.ts: history over more than 24 hours, from an id and within times at once, and no rows at all',
  },
  {
    name: '-1130 INVALID_PARAMETER',
    test: 'order-refusals.test.ts: history over more than 24 hours, from an id and within times at once, and no rows at all',
  },
  { name: '-1134 BAD_STRATEGY_TYPE', test: 'strategies.test.ts: a strategy is refused that Binance refuses' },
  {
    name: '-1135 INVALID_JSON',
    test: 'malformed.test.ts: a message of the WebSocket API that is not JSON is answered -1135, and the next one is heard',
  },
  {
    name: '-1139 INVALID_TICKER_TYPE',
    test: 'binance-tickers.test.ts: of a type that is none, a window that is none, or too many symbols is refused',
  },
  {
    name: '-1145 INVALID_CANCEL_RESTRICTIONS',
    test: 'bad-input.test.ts: orders that are not there or are somebody else’s: -2013 and -2011',
  },
  {
    name: '-1151 DUPLICATE_SYMBOLS',
    test: 'binance-tickers.test.ts: of a type that is none, a window that is none, or too many symbols is refused',
  },
  { name: '-1158 OCO_ORDER_TYPE_REJECTED', test: 'binance-oco.test.ts: a pair that is none is refused, with what is wrong about it' },
  { name: '-1160 OCO_ICEBERGQTY_TIMEINFORCE', test: 'binance-oco.test.ts: a pair that is none is refused, with what is wrong about it' },
  { name: '-1165 BUY_OCO_LIMIT_MUST_BE_BELOW', test: 'binance-oco.test.ts: a pair that is none is refused, with what is wrong about it' },
  { name: '-1166 SELL_OCO_LIMIT_MUST_BE_ABOVE', test: 'binance-oco.test.ts: a pair that is none is refused, with what is wrong about it' },
  {
    name: '-1168 BOTH_OCO_ORDERS_CANNOT_BE_LIMIT',
    test: 'binance-oco.test.ts: a pair that is none is refused, with what is wrong about it',
  },
  {
    name: '-1194 INVALID_TIME_UNIT',
    test: 'binance-limits.test.ts: times are told in milliseconds, and another unit is refused at every door',
  },
  {
    name: '-1196 BUY_OCO_STOP_LOSS_MUST_BE_ABOVE',
    test: 'binance-oco.test.ts: a pair that is none is refused, with what is wrong about it',
  },
  {
    name: '-1197 SELL_OCO_STOP_LOSS_MUST_BE_BELOW',
    test: 'binance-oco.test.ts: a pair that is none is refused, with what is wrong about it',
  },
  {
    name: '-1198 BUY_OCO_TAKE_PROFIT_MUST_BE_BELOW',
    test: 'binance-oco.test.ts: a pair that is none is refused, with what is wrong about it',
  },
  {
    name: '-1199 SELL_OCO_TAKE_PROFIT_MUST_BE_ABOVE',
    test: 'binance-oco.test.ts: a pair that is none is refused, with what is wrong about it',
  },
  { name: '-1210 INVALID_PEG_PRICE_TYPE', not: 'an unknown price is -1100, which lists those there are' },
  { name: '-1211 INVALID_PEG_OFFSET_TYPE', not: 'an unknown kind of offset is -1100, which lists those there are' },
  {
    name: '-1220 SYMBOL_DOES_NOT_MATCH_STATUS',
    test: 'binance-tickers.test.ts: of instruments with a status: others are left out, one that is named is refused',
  },
  { name: '-1222 OPO_WORKING_MUST_BE_BUY', not: 'no OPO' },
  { name: '-1223 OPO_PENDING_MUST_BE_SELL', not: 'no OPO' },
  { name: '-1224 WORKING_PARAM_REQUIRED', not: 'no OPO' },
  { name: '-1225 PENDING_PARAM_NOT_REQUIRED', not: 'no OPO' },
  { name: '-2010 NEW_ORDER_REJECTED', test: 'bad-input.test.ts: a limit order with ' },
  { name: '-2011 CANCEL_REJECTED', test: 'bad-input.test.ts: orders that are not there or are somebody else’s: -2013 and -2011' },
  { name: '-2013 NO_SUCH_ORDER', test: 'bad-input.test.ts: orders that are not there or are somebody else’s: -2013 and -2011' },
  { name: '-2014 BAD_API_KEY_FMT', test: 'bad-input.test.ts: a wrong signature, key or time: -1022, -2014, -2015, -1021' },
  { name: '-2015 REJECTED_MBX_KEY', test: 'bad-input.test.ts: a wrong signature, key or time: -1022, -2014, -2015, -1021' },
  { name: '-2016 NO_TRADING_WINDOW', not: 'no trading windows: a closed market is -1013' },
  { name: '-2021 CANCEL_REPLACE_PARTIALLY_FAILED', test: 'bad-input.test.ts: a cancel-replace whose halves fail says which' },
  { name: '-2022 CANCEL_REPLACE_FAILED', test: 'bad-input.test.ts: a cancel-replace whose halves fail says which' },
  { name: '-2026 ORDER_ARCHIVED', not: 'orders are never archived' },
  {
    name: '-2035 SUBSCRIPTION_ACTIVE',
    test: 'lanes.test.ts: a connection hears an account once; a key has so many connections that hear it, and another key still has its own',
  },
  { name: '-2036 SUBSCRIPTION_INACTIVE', not: 'as documented of userDataStream.unsubscribe: what is not subscribed to is not missed' },
  { name: '-2038 ORDER_AMEND_REJECTED', test: 'bad-input.test.ts: orders that are not there or are somebody else’s: -2013 and -2011' },
  { name: '-2039 CLIENT_ORDER_ID_INVALID', not: 'an order by two ids that are not of the same one is -2013 or -2011' },
  { name: '-2042 MAXIMUM_SUBSCRIPTION_IDS', not: 'numbers of subscriptions do not run out in a connection’s life' },
  { name: '-2043 NO_REFERENCE_PRICE', test: 'binance-limits.test.ts: a reference price is told once there is one' },
];

/** Codes of the venue that the pages do not have. */
export const moreCodes: Record<string, string> = { '-2018': 'an order list that does not exist' };
