/** Accounts with many events, and the turns that others get meanwhile at FIX and gRPC. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type ContextValues, createContextValues, type HandlerContext } from '@connectrpc/connect';
import { BUY, GTC, LIMIT } from '@outcry/market/order-terms';
import { REASON } from '@outcry/market/reason';
import { type FixField, type FixMessage, TAG } from '@outcry/wire/fix';
import type { SignedIn } from '../src/core/accounts/log-ins.ts';
import type { Services } from '../src/core/services.ts';
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from '../src/domain/config.ts';
import { Market } from '../src/domain/market.ts';
import { ORDER_STATUS } from '../src/domain/order-status.ts';
import type { Order } from '../src/domain/orders.ts';
import type { FixClient } from '../src/doors/fix/fix-client.ts';
import { FixReports } from '../src/doors/fix/fix-reports.ts';
import { ReportLines } from '../src/doors/fix/report-lines.ts';
import { TrackedOrders } from '../src/doors/fix/tracked-orders.ts';
import type { Gate } from '../src/doors/grpc/gate.ts';
import * as pb from '../src/doors/grpc/generated/outcry/v1/venue_pb.js';
import { LOGIN } from '../src/doors/grpc/peer.ts';
import { TradingService } from '../src/doors/grpc/trading-service.ts';
import { until } from './support/until.ts';

/** Orders of one account that end in one turn of the gateway. */
const MANY = 20_000;
const [BIG, SMALL] = [1, 2];

const market = new Market(DEMO_ASSETS, DEMO_INSTRUMENTS);
const services = { market, now: () => Date.now(), gateway: { view: { orders: {} } } } as unknown as Services;

function ended(account: number, id: number): Order {
  return {
    ...{ id, account, instrument: 0, clientId: `o${id}`, side: BUY, kind: LIMIT, timeInForce: GTC, postOnly: false, price: 5_000_000 },
    ...{ quantity: 100, amount: 0, left: 100, executedAmount: 0, status: ORDER_STATUS.CANCELED, time: 1e15, updateTime: 1e15 },
    ...{ resting: false, shown: 0, waiting: false, terms: undefined, strategy: undefined, decremented: 0, preventedMatch: 0 },
  };
}

describe('a FIX session whose orders end by the thousand', () => {
  /** What sessions are sent, in one order. */
  function door(lines?: ReportLines) {
    const sent: { account: number; fields: Map<number, unknown> }[] = [];
    const client = (account: number) =>
      ({
        login: { account, cancelOnDisconnect: false },
        session: { isFixt: false, send: (_type: string, fields: readonly FixField[]) => sent.push({ account, fields: new Map(fields) }) },
      }) as unknown as FixClient;
    const reports = new FixReports(services, lines);
    const orders = new TrackedOrders(services, reports);
    const end = (of: FixClient, id: number) => {
      const order = ended(of.login.account, id);
      orders.track(of, order);
      orders.listener.onEnded!(order, REASON.BY_REQUEST, false);
    };
    const idsOf = (account: number) => sent.filter((one) => one.account === account).map(({ fields }) => fields.get(TAG.ORDER_ID));
    return { sent, reports, big: client(BIG), small: client(SMALL), end, idsOf };
  }

  const numbers = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

  it('is told of each in order, and another’s report goes between them', async () => {
    const { sent, big, small, end, idsOf } = door();
    for (let id = 1; id <= MANY; id++) end(big, id);
    end(small, MANY + 1);
    await until(
      () => sent.length === MANY + 1,
      () => `${sent.length} reports`,
    );
    assert.deepEqual(idsOf(BIG), numbers(1, MANY));
    const before = sent.findIndex(({ account }) => account === SMALL);
    assert.ok(before < MANY / 2, `it waited for ${before} reports of another account`);
  });

  it('is answered behind what it is still to be told', async () => {
    const { sent, reports, big, end } = door();
    for (let id = 1; id <= MANY; id++) end(big, id);
    const request = { type: 'F', get: (tag: number) => `of ${tag}` } as unknown as FixMessage;
    reports.refuseCancel(big, request, undefined, { code: 1, text: 'no such order' });
    let told = -1;
    reports.behind(big, () => {
      told = sent.length;
    });
    await until(
      () => told >= 0,
      () => `${sent.length} messages`,
    );
    assert.equal(told, MANY + 1);
    assert.equal(sent.at(-1)!.fields.get(TAG.CXL_REJ_REASON), 1);
  });

  it('is told of each also when more wait than may, and no more of them do', async () => {
    const lines = new ReportLines(100);
    const { sent, big, small, end, idsOf } = door(lines);
    let most = 0;
    for (let id = 1; id <= MANY; id++) {
      end(id % 4 === 0 ? small : big, id);
      most = Math.max(most, lines.waitingOf(BIG) + lines.waitingOf(SMALL));
    }
    assert.equal(most, 100);
    lines.finish();
    assert.equal(sent.length, MANY);
    assert.deepEqual(
      idsOf(SMALL),
      numbers(1, MANY / 4).map((n) => n * 4),
    );
    assert.deepEqual(
      idsOf(BIG),
      numbers(1, MANY).filter((n) => n % 4 !== 0),
    );
  });
});

describe('gRPC entry streams of an account whose orders end by the thousand', () => {
  const UPDATES = 3000;
  const never = new Promise<never>(() => undefined);
  const silent: AsyncIterable<pb.EntryRequest> = { [Symbol.asyncIterator]: () => ({ next: () => never }) };

  /** The service alone, and what its streams write, in one order: whose, which one's, and the message as it is on the line. */
  function service() {
    const gate = { throttle: async () => undefined } as unknown as Gate;
    const trading = new TradingService(services, gate);
    const written: { account: number; stream: number; bytes: Uint8Array }[] = [];
    let streams = 0;
    const read = (account: number, requests: AsyncIterable<pb.EntryRequest> = silent) => {
      const values: ContextValues = createContextValues().set(LOGIN, { account } as SignedIn);
      const context = { values, signal: new AbortController().signal, requestHeader: new Headers() } as unknown as HandlerContext;
      const stream = streams++;
      const run = async () => {
        for await (const message of trading.entry(requests, context))
          written.push({ account, stream, bytes: toBinary(pb.EntryResponseSchema, message) });
      };
      return run();
    };
    return { trading, written, read };
  }

  const orderIdOf = (bytes: Uint8Array) => {
    const { response } = fromBinary(pb.EntryResponseSchema, bytes);
    return response.case === 'update' ? Number(response.value.order!.orderId) : -1;
  };

  it('are told of each in order, and everybody has turns between them', async () => {
    const { trading, written, read } = service();
    for (let i = 0; i < 4; i++) void read(BIG);
    void read(SMALL);
    await new Promise((resolve) => setImmediate(resolve));
    for (let id = 1; id <= UPDATES; id++) trading.listener.onEnded!(ended(BIG, id), REASON.BY_REQUEST, false);
    trading.listener.onEnded!(ended(SMALL, UPDATES + 1), REASON.BY_REQUEST, false);
    let turns = 0;
    for (; written.length < 4 * UPDATES + 1; turns++) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(turns > 5, `${turns} turns`);
    const before = written.findIndex(({ account }) => account === SMALL);
    assert.ok(before < UPDATES / 2, `it waited for ${before} updates of another account`);
    for (let stream = 0; stream < 4; stream++) {
      const ids = written.filter((one) => one.stream === stream).map(({ bytes }) => orderIdOf(bytes));
      assert.deepEqual(
        ids,
        Array.from({ length: UPDATES }, (_, i) => i + 1),
      );
    }
  });

  it('are answered behind the updates that were there before', async () => {
    const { trading, written, read } = service();
    let ask = () => {};
    const asked = new Promise<void>((resolve) => {
      ask = resolve;
    });
    async function* one(): AsyncGenerator<pb.EntryRequest> {
      await asked;
      yield create(pb.EntryRequestSchema, { requestId: 7n });
      await never;
    }
    void read(BIG, one());
    await new Promise((resolve) => setImmediate(resolve));
    for (let id = 1; id <= UPDATES; id++) trading.listener.onEnded!(ended(BIG, id), REASON.BY_REQUEST, false);
    ask();
    await until(
      () => written.length === UPDATES + 1,
      () => `${written.length} messages`,
    );
    assert.deepEqual(
      written.slice(0, UPDATES).map(({ bytes }) => orderIdOf(bytes)),
      Array.from({ length: UPDATES }, (_, i) => i + 1),
    );
    assert.equal(fromBinary(pb.EntryResponseSchema, written[UPDATES].bytes).requestId, 7n);
  });
});
