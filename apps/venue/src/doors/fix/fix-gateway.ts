/** The FIX door's parts together, and which of them handles each message type. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type FixMessage, MSG, REJECT_REASON, TAG } from '@outcry/wire/fix';
import type { Logger } from 'pino';
import type { Services } from '../../core/services.ts';
import { SessionDay } from '../../core/session-day.ts';
import type { FixClient } from './fix-client.ts';
import { badField, isTaken, strangeTag } from './fix-fields.ts';
import { FixMarketData } from './fix-market-data.ts';
import { FixOrders } from './fix-orders.ts';
import { FixReports } from './fix-reports.ts';
import { FixServer } from './fix-server.ts';
import { MissingField } from './order-reader.ts';
import { UsedIds } from './used-ids.ts';

/** MsgTypes of FIX 4.4 and 5.0 SP2 are one or two letters or digits; what is none of these is no message. */
const MSG_TYPE = /^[A-Za-z0-9]{1,2}$/;
const UNSUPPORTED = 3;
/** The port opens when the day's ClOrdIDs are known, or after so long; orders are taken when they are known. */
const WAIT_FOR_IDS_MS = 10_000;

/** The venue's FIX door: sessions, orders, market data. */
export class FixGateway {
  readonly #server: FixServer;
  readonly #reports: FixReports;
  readonly #marketData: FixMarketData;
  readonly #day: SessionDay;
  readonly #ids: UsedIds;

  private constructor(services: Services, log: Logger) {
    this.#day = new SessionDay(services.config.sessionRoll, () => services.now());
    this.#ids = new UsedIds(services, this.#day, log);
    this.#reports = new FixReports(services);
    const orders = new FixOrders(services, this.#day, this.#ids, this.#reports);
    const marketData = new FixMarketData(services);
    this.#marketData = marketData;
    services.gateway.orderListeners.push(orders.listener);
    services.gateway.marketListeners.push(marketData.listener);
    const handlers: Record<string, (client: FixClient, message: FixMessage) => void> = {
      [MSG.NEW_ORDER_SINGLE]: (client, message) => orders.enter(client, message),
      [MSG.ORDER_CANCEL_REQUEST]: (client, message) => orders.cancel(client, message),
      [MSG.ORDER_CANCEL_REPLACE_REQUEST]: (client, message) => orders.replace(client, message),
      [MSG.ORDER_STATUS_REQUEST]: (client, message) => orders.answerStatusRequest(client, message),
      [MSG.ORDER_MASS_CANCEL_REQUEST]: (client, message) => orders.massCancel(client, message),
      [MSG.SECURITY_LIST_REQUEST]: (client, message) => marketData.securityList(client, message),
      [MSG.MARKET_DATA_REQUEST]: (client, message) => marketData.request(client, message),
    };
    const application = {
      onMessage: (client: FixClient, message: FixMessage) => {
        if (isTaken(message.type)) handleOrReject(client, message, handlers[message.type]);
        else refuseType(client, message);
      },
      onEnd: (client: FixClient, isMoved: boolean) => {
        if (!isMoved) orders.gone(client);
        marketData.gone(client);
      },
      onClear: (client: FixClient) => marketData.clear(client),
      whenTold: (client: FixClient, then: () => void) => this.#reports.behind(client, then),
    };
    this.#server = new FixServer(services, application, this.#day, log);
  }

  /** Rejects when the port is taken. */
  static async open(services: Services, port: number, log: Logger): Promise<FixGateway> {
    const gateway = new FixGateway(services, log);
    const ids = gateway.#ids.load();
    const enough = new AbortController();
    await Promise.race([ids, sleep(WAIT_FOR_IDS_MS, undefined, { signal: enough.signal }).catch(() => undefined)]);
    enough.abort();
    try {
      services.ports.fix = await gateway.#server.listen(services.config.host, port);
    } catch (error) {
      gateway.close();
      throw error;
    }
    return gateway;
  }

  close(): void {
    this.#day.close();
    this.#ids.close();
    this.#marketData.close();
    this.#reports.finish(); // it is kept for those that read it later
    this.#server.close();
  }
}

/** Fields are checked before what they mean; of orders, a field that is not taken is the order's to refuse. */
function handleOrReject(client: FixClient, message: FixMessage, handle: (client: FixClient, message: FixMessage) => void): void {
  const bad = badField(message);
  if (bad !== undefined) {
    client.session.reject(message, bad.reason, bad.tag, bad.text);
    return;
  }
  const isOrder = message.type === MSG.NEW_ORDER_SINGLE || message.type === MSG.ORDER_CANCEL_REPLACE_REQUEST;
  const strange = isOrder ? 0 : strangeTag(message);
  if (strange !== 0) {
    client.session.reject(message, REJECT_REASON.TAG_NOT_FOR_TYPE, strange, 'the field is not taken here');
    return;
  }
  try {
    handle(client, message);
  } catch (error) {
    if (!(error instanceof MissingField)) throw error;
    client.session.reject(message, REJECT_REASON.REQUIRED_TAG_MISSING, error.tag, 'a required field is missing');
  }
}

function refuseType(client: FixClient, message: FixMessage): void {
  if (!MSG_TYPE.test(message.type)) {
    client.session.reject(message, REJECT_REASON.INVALID_MSG_TYPE, TAG.MSG_TYPE, 'no message type');
    return;
  }
  client.session.send(MSG.BUSINESS_MESSAGE_REJECT, [
    [TAG.REF_SEQ_NUM, message.get(TAG.MSG_SEQ_NUM)],
    [TAG.REF_MSG_TYPE, message.type],
    [TAG.BUSINESS_REJECT_REASON, UNSUPPORTED],
    [TAG.TEXT, 'this message type is not supported'],
  ]);
}
