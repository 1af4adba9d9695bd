/** A venue with an OUCH port, and an OUCH client by hand. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Engine, type EngineLimits } from '@outcry/engine/engine';
import { COMMAND, command, commandHead } from '@outcry/market/command';
import { viewOf } from '@outcry/wire/layout';
import * as wire from '@outcry/wire/ouch50';
import type { Login } from '../../src/core/accounts/accounts.ts';
import { LogIns, type SignedIn } from '../../src/core/accounts/log-ins.ts';
import { EVERYTHING } from '../../src/core/orders/admission.ts';
import { DEMO_ASSETS } from '../../src/domain/config.ts';
import { type InstrumentDefinition, Market } from '../../src/domain/market.ts';
import { OuchGateway } from '../../src/doors/ouch/ouch-gateway.ts';
import { OuchPort } from '../../src/doors/ouch/port.ts';
import type { SequencedLog } from '../../src/doors/soup/sequenced-log.ts';
import { SessionFiles } from '../../src/doors/soup/session-files.ts';
import type { SoupConnection } from '../../src/doors/soup/soup-connection.ts';
import { type CommandFields, writeRecords } from '../../src/spine/commands.ts';
import { EventRing } from '../../src/spine/event-ring.ts';
import { createVenueMemory, ENGINE_GATE, GATEWAY_GATE, JOURNAL_GATE, Shared, WIRE_GATE } from '../../src/spine/shared.ts';
import type { Received } from './ouch-client.ts';
import { ouchMessage } from './ouch-message.ts';
import { WIDE_INSTRUMENTS } from './wide-market.ts';

const LIMITS: EngineLimits = { orders: 1 << 16, accounts: 64, assets: 4, instruments: 4 };

/** of all logins here: with loginOf */
export const PASSWORD = 'passpass';

/** OUCH gateway, rings and engine on one thread, without sockets and disk: what is sent has its outcome when `runUntilIdle` returns. */
export class OuchVenue {
  readonly market: Market;
  readonly gateway: OuchGateway;
  readonly logins: LogIns;
  readonly engine: Engine;
  readonly shared: Shared;
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-ouch-venue-'));
  /** sees each event before the gateway does */
  onEvent: (i32: Int32Array, f64: Float64Array, at: number) => void = () => undefined;
  files: SessionFiles;
  readonly #output = new EventRing();
  #read = 0;
  #applied = 0;
  #sessions = 0;

  constructor(
    logins: readonly Login[],
    limits: Partial<EngineLimits> = {},
    commandSlots = 1 << 14,
    instruments: readonly InstrumentDefinition[] = WIDE_INSTRUMENTS,
  ) {
    this.market = new Market(DEMO_ASSETS, instruments);
    const all = { ...LIMITS, ...limits };
    this.logins = new LogIns(logins);
    this.engine = new Engine(this.#output, all);
    for (const { number, scale, name } of this.market.assets)
      this.#set({ head: commandHead(COMMAND.DEFINE_ASSET), asset: number, quantity: scale, text: name });
    for (const each of this.market.instruments)
      this.#set({
        head: commandHead(COMMAND.DEFINE_INSTRUMENT),
        instrument: each.number,
        account: each.base.number,
        asset: each.quote.number,
        amount: each.lotUnits,
        unit: each.unit,
        text: each.symbol,
      });
    for (const account of new Set(logins.map((login) => login.account)))
      this.#set({ head: commandHead(COMMAND.OPEN_ACCOUNT), account, text: `account-${account}` });
    this.#set({ head: commandHead(COMMAND.SET_RISK), asset: 0 });
    this.#applied = this.engine.sequence;
    const rings = { commandSlots, eventSlots: 1 << 18, wait: 'park', hasWireThread: true, instruments: instruments.length } as const;
    const memory = createVenueMemory(this.#applied, rings);
    this.shared = new Shared(memory);
    for (const { number, referencePrice } of this.market.instruments) this.shared.publishAveragePrice(number, referencePrice);
    this.#output.connect(this.shared);
    this.files = new SessionFiles(path.join(this.folder, '0'));
    this.gateway = new OuchGateway({
      shared: this.shared,
      admission: EVERYTHING,
      market: this.market,
      orders: all.orders,
      logins: this.logins,
      makePort: (login) => new OuchPort(login, String(this.#sessions), this.files.open(`${login.user}-${this.#sessions}`), undefined),
      lastUsed: new Map(),
    });
  }

  #set(fields: CommandFields): void {
    const i32 = new Int32Array(command.WORDS * 4);
    const f64 = new Float64Array(i32.buffer);
    const count = writeRecords(i32, f64, (n) => n * command.WORDS, fields, 1);
    for (let n = 0; n < count; n++) this.engine.apply(i32, f64, n * command.WORDS);
  }

  client(login: Login): OuchHand {
    return new OuchHand(this, login);
  }

  /** The engine applies what has been published, up to so many commands. */
  apply(most = Number.POSITIVE_INFINITY): void {
    const ring = this.shared.commands;
    for (let end = ring.published(), n = 0; this.#applied < end && n < most; n++) {
      this.engine.apply(ring.i32, ring.f64, ring.wordOf(this.#applied++));
      if (n % 64 === 0) this.#output.publish();
    }
    this.#output.publish();
    ring.release(ENGINE_GATE, this.#applied);
    ring.release(JOURNAL_GATE, this.#applied);
    this.shared.durable.publish(this.#applied);
  }

  /** The gateway takes in what the engine has told. */
  drain(): void {
    const { events } = this.shared;
    const { gateway } = this;
    for (const end = events.published(); this.#read < end; this.#read++) {
      const at = events.wordOf(this.#read);
      this.onEvent(events.i32, events.f64, at);
      gateway.events.apply(events.i32, events.f64, at);
    }
    gateway.sender.passUpTo(this.#applied);
    events.release(GATEWAY_GATE, this.#read);
    events.release(WIRE_GATE, this.#read);
    gateway.resume();
    gateway.sender.flush();
    gateway.flush();
  }

  /** Until all that was sent has had its outcome. */
  runUntilIdle(): void {
    this.gateway.afterPiece();
    for (let turn = 0; turn < 100_000; turn++) {
      this.apply();
      this.drain();
      this.gateway.walk();
      const isDone = this.shared.commands.published() === this.#applied && this.#read === this.shared.events.published();
      if (isDone && this.gateway.walks.count === 0) return;
    }
    throw new Error('it does not become idle');
  }

  /** The session's day is over. */
  roll(): void {
    this.files.end();
    this.#sessions++;
    this.files = new SessionFiles(path.join(this.folder, String(this.#sessions)));
    this.gateway.roll();
  }

  get openOrders(): number {
    return this.engine.memory.orders.inUse;
  }

  close(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A client of it, by hand. */
export class OuchHand {
  readonly venue: OuchVenue;
  readonly login: Login;
  port: OuchPort;
  /** why its connection ended */
  ended: string | undefined;
  #place = 0;
  #signedIn!: SignedIn;

  constructor(venue: OuchVenue, login: Login) {
    this.venue = venue;
    this.login = login;
    this.port = this.#logIn();
  }

  #logIn(): OuchPort {
    const entry = this.venue.gateway.open(this.login.user, PASSWORD, '10.0.0.1');
    if ('code' in entry) throw new Error(entry.why);
    const { port } = entry;
    this.#signedIn = entry.login;
    port.log.retain();
    port.connection = {
      end: (why: string) => {
        this.ended = why;
      },
      endSession: () => undefined,
    } as unknown as SoupConnection;
    return port;
  }

  /** Logs in to the session that is running now. */
  logInAgain(): void {
    this.port = this.#logIn();
    this.#place = 0;
  }

  disconnect(): void {
    this.port.connection = undefined;
    this.venue.gateway.onGone(this.port, this.#signedIn);
  }

  /** Sends a message. Returns why the connection would end, if it would. */
  send(bytes: Uint8Array): string | undefined {
    return this.venue.gateway.onMessage(this.port, viewOf(bytes), 0, bytes.length);
  }

  enter(fields: Record<string, number | string>, tags: number[] = []): string | undefined {
    return this.send(ouchMessage(wire.enterOrder, { ...ORDER, ...fields }, tags));
  }

  /** What it has been told since it last asked. */
  received(): Received[] {
    const received: Received[] = [];
    const log: SequencedLog = this.port.log;
    log.flush();
    while (this.#place !== log.end) {
      const packets = log.fromMemory(this.#place)!;
      const view = new DataView(packets.bytes.buffer, packets.bytes.byteOffset, packets.bytes.length);
      for (let at = 0; at < view.byteLength; at += 2 + view.getUint16(at))
        received.push(wire.describeOuch(wire.outbound, view, at + 3, view.getUint16(at) - 1));
      packets.done();
      this.#place = packets.next;
    }
    return received;
  }
}

export const ORDER = {
  side: 'B',
  quantity: 100,
  symbol: 'BTCUSDT',
  price: 500_000_000,
  timeInForce: '5',
  display: 'Y',
  capacity: 'P',
  sweep: 'N',
  crossType: 'N',
  clientOrderId: '',
};
