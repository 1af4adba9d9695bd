/** Every documented operation that the venue has, called over REST and the WebSocket API: the fields of its answer are those documented. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { operations } from '../src/server.ts';
import { CALLS, type Desk } from './binance-coverage/calls.ts';
import { operationFacts } from './binance-coverage/coverage.ts';
import { names, type OperationFact } from './binance-coverage/fact.ts';
import { administer } from './support/admin.ts';
import { AnswerSchemas } from './support/answer-schemas.ts';
import { BothDoors } from './support/both-doors.ts';
import { temporaryDirectory, VenueProcess } from './support/process.ts';

const data = temporaryDirectory('binance-answers');
let venue: VenueProcess;
let alice: BothDoors;
let desk: Desk;
let schemas: AnswerSchemas;

before(async () => {
  venue = await VenueProcess.start(data, '--demo');
  alice = await BothDoors.open(venue.url);
  schemas = await AnswerSchemas.of(venue.url);
  const accepted = async (method: string, path: string, sent: Record<string, string>) => {
    const { status, body } = await alice.rest.signed(method, path, sent);
    assert.equal(status, 200, `${method} ${path}: ${JSON.stringify(body)}`);
    return body;
  };
  desk = { accepted };
  await accepted('POST', '/api/v3/order', { symbol: 'ETHUSDT', side: 'BUY', type: 'MARKET', quantity: '0.1' });
  const counts = { MAX_ALGO_ORDERS: 100, MAX_ICEBERG_ORDERS: 100, MAX_ORDER_LISTS: 100 };
  await administer({ url: venue.url, data }, 'instruments/ETHUSDT/rules', { REFERENCE_PRICE: '3000', ...counts });
  await administer({ url: venue.url, data }, 'accounts/alice/rules', { MAX_OPEN_ORDERS: 1000 });
  await preventOne();
  // Who has no account may be behind: history has the trade before the tests ask for it.
  while ((await alice.rest.public('/api/v3/historicalTrades?symbol=ETHUSDT')).body.length === 0);
});
after(async () => {
  alice.close();
  await venue.close();
  fs.rmSync(data, { recursive: true, force: true });
});

/** Lets two orders of the account meet, inside the spread of a market that moves. */
async function preventOne(): Promise<void> {
  const symbol = 'ETHUSDT';
  for (;;) {
    const { body } = await alice.rest.public(`/api/v3/ticker/bookTicker?symbol=${symbol}`);
    const price = (Number(body.askPrice) - 0.01).toFixed(2);
    const order = { symbol, type: 'LIMIT', price, quantity: '0.01', selfTradePreventionMode: 'EXPIRE_MAKER' };
    await desk.accepted('POST', '/api/v3/order', { ...order, side: 'BUY', timeInForce: 'GTC' });
    const met = await desk.accepted('POST', '/api/v3/order', { ...order, side: 'SELL', timeInForce: 'IOC', newOrderRespType: 'FULL' });
    if (met.preventedMatches !== undefined) return;
  }
}

/** Fields of an answer, or of the first entry of a list, which must have one where fields are documented. */
function checkFields({ answer, empty, without = {} }: OperationFact, got: unknown, where: string): void {
  if (empty !== undefined) {
    assert.deepEqual(got, [], where);
    return;
  }
  const wanted = names(answer).filter((name) => !Object.hasOwn(without, name));
  if (wanted.length === 0) return;
  const first = Array.isArray(got) ? got[0] : got;
  assert.ok(first !== undefined && first !== null, `${where} answers with an entry`);
  const missing = wanted.filter((name) => !Object.hasOwn(first, name));
  assert.deepEqual(missing, [], `${where} answers with all fields: ${JSON.stringify(first)}`);
  for (const name of Object.keys(without))
    assert.equal(Object.hasOwn(first, name), false, `${where}: the table says that ${name} is not there`);
}

describe('the answer to a documented operation', () => {
  for (const fact of operationFacts.filter(({ not, rest }) => not === undefined && rest !== undefined)) {
    it(`${fact.rest} has the documented fields, and is as the venue documents it, by REST and by the WebSocket API`, async () => {
      const operation = operations.find(({ rest }) => rest !== undefined && `${rest.method} ${rest.path}` === fact.rest)!;
      const call = CALLS[fact.rest!];
      const byRest = await alice.byRest(operation, await call(desk));
      assert.equal(byRest.status, 200, JSON.stringify(byRest.body));
      checkFields(fact, byRest.body, fact.rest!);
      schemas.check(operation.rest!, byRest.body);
      const bySocket = await alice.bySocket(fact.ws!, await call(desk), operation.security !== 'NONE');
      assert.equal(bySocket.status, 200, JSON.stringify(bySocket));
      checkFields(fact, bySocket.result, fact.ws!);
      schemas.check(operation.rest!, bySocket.result);
    });
  }

  it('of the session’s methods has them too', async () => {
    const session = await BothDoors.open(venue.url);
    for (const fact of operationFacts.filter(({ not, rest }) => not === undefined && rest === undefined)) {
      const isSigned = fact.ws === 'session.logon' || fact.ws === 'userDataStream.subscribe.signature';
      if (fact.ws === 'userDataStream.subscribe') await session.bySocket('session.logon', {}, true);
      if (fact.ws === 'userDataStream.subscribe.signature') await session.bySocket('userDataStream.unsubscribe', {}, false);
      const answer = await session.bySocket(fact.ws!, {}, isSigned);
      assert.equal(answer.status, 200, `${fact.ws}: ${JSON.stringify(answer)}`);
      checkFields(fact, answer.result, fact.ws!);
    }
    session.close();
  });
});
