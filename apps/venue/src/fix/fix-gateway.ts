import { type FixMessage, MSG, REJECT_REASON, TAG } from '@outcry/wire/fix';
import type { Logger } from 'pino';
import type { Services } from '../binance/operation.ts';
import { FixMarketData } from './fix-market-data.ts';
import { FixOrders, MissingField } from './fix-orders.ts';
import { type FixClient, FixServer } from './fix-server.ts';

/** MsgTypes of FIX 4.4 and 5.0 SP2 are one or two letters or digits; what is none of these is no message. */
const MSG_TYPE = /^[A-Za-z0-9]{1,2}$/;
const UNSUPPORTED = 3;

/** The venue's FIX door: sessions, orders, market data. */
export class FixGateway {
  readonly #server: FixServer;
  readonly #marketData: FixMarketData;

  private constructor(server: FixServer, marketData: FixMarketData) {
    this.#server = server;
    this.#marketData = marketData;
  }

  /** Rejects when the port is taken. */
  static async open(services: Services, port: number, log: Logger): Promise<FixGateway> {
    const orders = new FixOrders(services);
    const marketData = new FixMarketData(services);
    services.gateway.orderListeners.push(orders.listener);
    services.gateway.marketListeners.push(marketData.listener);
    const handlers: Record<string, (client: FixClient, message: FixMessage) => void> = {
      [MSG.NEW_ORDER_SINGLE]: (client, message) => orders.enter(client, message),
      [MSG.ORDER_CANCEL_REQUEST]: (client, message) => orders.cancel(client, message),
      [MSG.ORDER_CANCEL_REPLACE_REQUEST]: (client, message) => orders.replace(client, message),
      [MSG.ORDER_STATUS_REQUEST]: (client, message) => orders.status(client, message),
      [MSG.ORDER_MASS_CANCEL_REQUEST]: (client, message) => orders.massCancel(client, message),
      [MSG.SECURITY_LIST_REQUEST]: (client, message) => marketData.securityList(client, message),
      [MSG.MARKET_DATA_REQUEST]: (client, message) => marketData.request(client, message),
    };
    const server = new FixServer(
      services,
      {
        onMessage: (client, message) => {
          const handle = Object.hasOwn(handlers, message.type) ? handlers[message.type] : undefined;
          if (handle === undefined) refuseType(client, message);
          else handleOrReject(client, message, handle);
        },
        onLogon: () => undefined,
        onLogout: (client) => {
          orders.gone(client);
          marketData.gone(client);
        },
      },
      log,
    );
    const gateway = new FixGateway(server, marketData);
    try {
      services.ports.fix = await server.listen(services.config.host, port);
    } catch (error) {
      gateway.close();
      throw error;
    }
    return gateway;
  }

  close(): void {
    this.#marketData.close();
    this.#server.close();
  }
}

function handleOrReject(client: FixClient, message: FixMessage, handle: (client: FixClient, message: FixMessage) => void): void {
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
