/** Operations on all open orders of an account. */
import { freshId } from '../../../core/fresh-id.ts';
import { walkOrders } from '../../../core/orders/order-walk.ts';
import type { Order } from '../../../domain/orders.ts';
import { cancel } from '../../../spine/commands.ts';
import { cancelError } from '../../http/errors.ts';
import { cancelJson, orderJson } from '../format.ts';
import type { BinanceServices } from '../operation.ts';
import { type Caller, instrumentOf, JsonPieces, weighOrders } from '../operation.ts';
import type { Parameters } from '../parameters.ts';

/** What goes through all open orders of an account, in slices of a turn: it may have a million. */

const CANCELS_AT_ONCE = 256;
/** Answers to cancels that are made in a turn. */
const ANSWERS_A_TURN = 32;
/** Weight of open orders of all instruments beyond those of one: 80 in all, as Binance has it. */
const MORE_WITHOUT_SYMBOL = 74;

/** An account's open orders. */
export function openOrders(services: BinanceServices, sent: Parameters, caller: Caller) {
  const instrument = sent.symbol === undefined ? undefined : instrumentOf(services, sent);
  const { orders } = services.gateway.view;
  const count = orders.countOf(caller.account);
  weighOrders(services, caller, count, instrument === undefined ? MORE_WITHOUT_SYMBOL : 0);
  const isWanted = (slot: number) => instrument === undefined || orders.instrument(slot) === instrument.number;
  return JsonPieces.list(ordersJson(services, walkOrders(orders, services.pace, caller.account, isWanted)), count);
}

async function* ordersJson(services: BinanceServices, slices: AsyncIterable<Order[]>): AsyncGenerator<object[]> {
  for await (const slice of slices) yield slice.map((order) => orderJson(order, services.market));
}

/** Cancels an instrument's open orders, one by one; answers with all of them. */
export async function cancelAll(services: BinanceServices, sent: Parameters, caller: Caller) {
  const instrument = instrumentOf(services, sent);
  const { orders } = services.gateway.view;
  weighOrders(services, caller, orders.countOf(caller.account));
  const isMeant = (slot: number) => orders.instrument(slot) === instrument.number;
  const cancelled: string[] = [];
  let wasThere = false;
  let some: Order[] = [];
  for await (const slice of walkOrders(orders, services.pace, caller.account, isMeant)) {
    wasThere ||= slice.length > 0;
    some.push(...slice);
    if (some.length < CANCELS_AT_ONCE) continue;
    await cancelSome(services, caller, some, cancelled);
    some = [];
  }
  if (!wasThere) throw cancelError(0);
  await cancelSome(services, caller, some, cancelled);
  return new JsonPieces(inBrackets(cancelled), cancelled.length);
}

/** So many at once, and then others' commands: never more than the command ring takes. Adds what was cancelled, as JSON. */
async function cancelSome(services: BinanceServices, caller: Caller, some: readonly Order[], cancelled: string[]): Promise<void> {
  const outcomes = await Promise.all(some.map(({ instrument, id }) => services.gateway.submit(cancel(caller.account, instrument, id))));
  for (const [i, { changed }] of outcomes.entries()) {
    if (i % ANSWERS_A_TURN === 0) await services.pace.take(ANSWERS_A_TURN / 2);
    if (changed !== undefined) cancelled.push(JSON.stringify(cancelJson(changed, freshId(), services.market)));
  }
}

async function* inBrackets(items: readonly string[]): AsyncGenerator<string> {
  yield '[';
  for (let i = 0; i < items.length; i += CANCELS_AT_ONCE) yield (i === 0 ? '' : ',') + items.slice(i, i + CANCELS_AT_ONCE).join();
  yield ']';
}
