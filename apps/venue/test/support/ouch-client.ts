/** A client of SoupBinTCP, and of OUCH over it. */
import net from 'node:net';
import { viewOf } from '@outcry/wire/layout';
import * as wire from '@outcry/wire/ouch50';
import { beginPacket, readLoginAccepted, SOUP, SOUP_HEAD, SoupFramer, writeLogin } from '@outcry/wire/soup';
import { endAfterTests } from './left-open.ts';
import { ouchMessage } from './ouch-message.ts';

export type Received = Record<string, number | string>;

/** A plain SoupBinTCP client: what came, as objects, in order. */
export class SoupClient {
  /** descriptions of sequenced messages */
  readonly received: Received[] = [];
  /** other packets: their letter, and their text */
  readonly packets: { type: string; text: string }[] = [];
  session = '';
  isClosed = false;
  readonly socket: net.Socket;
  readonly #framer = new SoupFramer(2000);
  readonly #describe: (view: DataView, at: number, bytes: number) => Received;

  protected constructor(port: number, describe: (view: DataView, at: number, bytes: number) => Received) {
    this.#describe = describe;
    this.socket = net.connect(port, '127.0.0.1');
    endAfterTests(() => this.socket.destroy());
    this.socket.on('data', (piece: Buffer) => this.#take(piece));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.isClosed = true;
    });
  }

  login(user: string, password: string, sequence = 1, session = ''): void {
    const bytes = new Uint8Array(64);
    this.socket.write(bytes.subarray(0, writeLogin(viewOf(bytes), 0, { user, password, session, sequence })));
  }

  packet(type: number, payload: Uint8Array = new Uint8Array(0)): void {
    const bytes = new Uint8Array(SOUP_HEAD + payload.length);
    bytes.set(payload, beginPacket(viewOf(bytes), 0, type, payload.length));
    this.socket.write(bytes);
  }

  /** Waits until something holds. Throws what came so far when it does not, in time. */
  async until(holds: () => boolean): Promise<void> {
    const deadline = performance.now() + 60_000;
    while (!holds()) {
      if (performance.now() > deadline)
        throw new Error(`not in time; told: ${JSON.stringify(this.received.slice(-20))} ${JSON.stringify(this.packets)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** The next message of a kind that has not been taken yet. */
  async next(message: string): Promise<Received> {
    await this.until(() => this.received.slice(this.#taken).some((received) => received.message === message));
    const place = this.received.findIndex((received, i) => i >= this.#taken && received.message === message);
    this.#taken = place + 1;
    return this.received[place];
  }
  #taken = 0;

  close(): void {
    this.socket.destroy();
  }

  #take(piece: Buffer): void {
    this.#framer.push(piece);
    while (this.#framer.next()) {
      const { type, view, at, bytes } = this.#framer;
      if (type === SOUP.SEQUENCED) this.received.push(this.#describe(view, at, bytes));
      else {
        if (type === SOUP.LOGIN_ACCEPTED) this.session = readLoginAccepted(view, at, bytes)!.session;
        const text = Buffer.from(view.buffer as ArrayBuffer, view.byteOffset + at, bytes).toString('latin1');
        this.packets.push({ type: String.fromCharCode(type), text });
      }
    }
  }
}

export class OuchClient extends SoupClient {
  constructor(port: number) {
    super(port, (view, at, bytes) => wire.describeOuch(wire.outbound, view, at, bytes));
  }

  /** Logs in and waits until it is accepted. */
  static async open(port: number, user: string, password: string, sequence = 1, session = ''): Promise<OuchClient> {
    const client = new OuchClient(port);
    client.login(user, password, sequence, session);
    await client.until(() => client.packets.some(({ type }) => type === 'A' || type === 'J'));
    return client;
  }

  enter(
    userRef: number,
    side: string,
    quantity: number,
    price: number,
    more: { tif?: string; symbol?: string; tags?: number[] } = {},
  ): void {
    this.#send(wire.enterOrder, more.tags ?? [], {
      userRef,
      side,
      quantity,
      symbol: more.symbol ?? 'BTCUSDT',
      price,
      timeInForce: more.tif ?? '5',
      display: 'Y',
      capacity: 'P',
      sweep: 'N',
      crossType: 'N',
      clientOrderId: `order ${userRef}`,
    });
  }

  replace(originalRef: number, userRef: number, quantity: number, price: number): void {
    const fields = { originalRef, userRef, quantity, price, timeInForce: '5', display: 'Y', sweep: 'N', clientOrderId: `order ${userRef}` };
    this.#send(wire.replaceOrder, [], fields);
  }

  cancel(userRef: number, quantity = 0): void {
    this.#send(wire.cancelOrder, null, { userRef, quantity });
  }

  massCancel(userRef: number, symbol = ''): void {
    this.#send(wire.massCancel, [], { userRef, firm: '', symbol });
  }

  query(): void {
    this.#send(wire.accountQuery, null, {});
  }

  #send(type: any, tags: number[] | null, fields: Record<string, number | string>): void {
    this.packet(SOUP.UNSEQUENCED, ouchMessage(type, fields, tags));
  }
}
