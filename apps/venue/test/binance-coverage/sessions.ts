/** Methods of the WebSocket API without a REST path, and operations that Binance has elsewhere, had before, or never had. */
import type { OperationFact } from './fact.ts';

export const sessions: OperationFact[] = [
  {
    ws: 'session.logon',
    parameters: 'apiKey',
    answer: 'apiKey authorizedSince connectedSince returnRateLimits serverTime userDataStream',
  },
  {
    ws: 'session.status',
    parameters: '',
    answer: 'apiKey authorizedSince connectedSince returnRateLimits serverTime userDataStream',
  },
  {
    ws: 'session.logout',
    parameters: '',
    answer: 'apiKey authorizedSince connectedSince returnRateLimits serverTime userDataStream',
  },
  { ws: 'userDataStream.subscribe', parameters: '', answer: 'subscriptionId' },
  { ws: 'session.subscriptions', parameters: '', answer: 'subscriptionId' },
  { ws: 'userDataStream.unsubscribe', parameters: 'subscriptionId', answer: '' },
  { ws: 'userDataStream.subscribe.signature', parameters: 'apiKey', answer: 'subscriptionId' },
];

/** What the venue has beyond the Spot pages: by its REST name, or its method where it has none. */
export const beyond: Record<string, string> = {
  'POST /api/v3/userDataStream': 'withdrawn by Binance; clients still start their streams with it',
  'PUT /api/v3/userDataStream': 'withdrawn by Binance; clients still keep their streams with it',
  'DELETE /api/v3/userDataStream': 'withdrawn by Binance; clients still end their streams with it',
  'GET /sapi/v1/capital/config/getall': 'of the wallet: clients ask which assets there are, and their balances',
  'GET /fapi/v1/exchangeInfo': 'of futures: ccxt asks for their instruments, of which there are none',
  'GET /dapi/v1/exchangeInfo': 'of futures: ccxt asks for their instruments, of which there are none',
  'GET /sapi/v1/margin/allPairs': 'of margin trading: ccxt asks for it',
  'GET /sapi/v1/margin/isolated/allPairs': 'of margin trading: ccxt asks for it',
  'GET /sapi/v1/asset/tradeFee': 'of the wallet: clients ask for their fees with it',
  'GET /sapi/v1/system/status': 'of the wallet: clients ask whether the exchange is up',
  'session.cancelOnDisconnect': "the venue's own",
  'POST /outcry/v1/order': "the venue's own",
  'DELETE /outcry/v1/openOrders': "the venue's own",
  'GET /outcry/v1/sessions': "the venue's own",
  'GET /outcry/v1/positions': "the venue's own",
};
