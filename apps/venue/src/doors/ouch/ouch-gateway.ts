/** Order entry by OUCH 5.0: messages to commands, events to messages. */
import { WIRE_ERROR_NAMES } from '@outcry/wire/layout';
import * as wire from '@outcry/wire/ouch50';
import { checkOuch, inbound } from '@outcry/wire/ouch50';
import { NO_SUCH_SESSION, NOT_AUTHORIZED } from '@outcry/wire/soup';
import type { Login } from '../../core/accounts/accounts.ts';
import type { LogIns, SignedIn } from '../../core/accounts/log-ins.ts';
import type { Entrance } from '../../core/orders/admission.ts';
import { OrderFilters } from '../../core/orders/filters.ts';
import type { Market } from '../../domain/market.ts';
import type { Shared } from '../../spine/shared.ts';
import type { Entry, Refusal, SoupApplication } from '../soup/soup-connection.ts';
import { AnswerWriter } from './answer-writer.ts';
import { CommandSender } from './command-sender.ts';
import { EventAnswers } from './event-answers.ts';
import { clientHigh, OrderCommands } from './order-commands.ts';
import { OrderTable } from './order-table.ts';
import { OuchAnswers } from './ouch-answers.ts';
import { OuchRequests } from './ouch-requests.ts';
import type { Flow, OuchPort } from './port.ts';
import { channelOf } from './request-tags.ts';
import { Walks } from './walks.ts';

/** Longest message of a client: all tags that there are fit. */
const MOST_BYTES = 255;

/** Messages of a login that may wait for the outcome of an order: beyond it, its connection is not read. */
const MOST_WAITING = 4096;

/** What the gateway needs of the venue around it. */
interface OuchSurroundings {
  readonly shared: Shared;
  readonly admission: Entrance;
  readonly market: Market;
  /** most orders open at once */
  readonly orders: number;
  readonly logins: LogIns;
  /** A login's door in the session that is running. */
  makePort(login: Login): OuchPort;
  /** the highest reference by login and channel (see clientHigh) that the journal holds */
  readonly lastUsed: ReadonlyMap<number, number>;
}

/**
 * Order entry by OUCH 5.0: messages become commands, many to a claim of the ring, and what the engine tells of them becomes messages
 * again once it is durable. One thread owns it, with the event ring's second gate.
 *
 * A reference (UserRefNum) is used once in a flow's life and counts upward; a message with an old one is a retransmission, and ignored
 * (section 1.2).
 */
export class OuchGateway implements SoupApplication<OuchPort> {
  readonly mostBytes = MOST_BYTES;
  /** those that were needed in the session that is running */
  readonly ports = new Map<number, OuchPort>();
  readonly table: OrderTable;
  readonly walks: Walks;
  /** what the door says by itself, and what it makes of the engine's events */
  readonly answers: OuchAnswers;
  readonly events: EventAnswers;
  readonly sender: CommandSender;
  /** number of the session that is running, counted from the start */
  session = 1;
  readonly #writer = new AnswerWriter();
  readonly #surroundings: OuchSurroundings;
  readonly #commands: OrderCommands;
  readonly #requests: OuchRequests;
  readonly #waiting = new Set<Flow>();

  constructor(surroundings: OuchSurroundings) {
    const { shared, admission, market, orders } = surroundings;
    this.#surroundings = surroundings;
    this.table = new OrderTable(orders);
    this.walks = new Walks(this.table);
    this.answers = new OuchAnswers(this, market, this.#writer);
    this.events = new EventAnswers(this, market, this.#writer, this.answers);
    this.sender = new CommandSender(shared, admission, (place) => this.answers.refuse(place));
    this.#commands = new OrderCommands(this.sender, this.table);
    const { table, walks, answers } = this;
    const { instruments } = market;
    const filters = new OrderFilters(instruments, shared);
    this.#requests = new OuchRequests({ instruments, filters, table, walks, answers, commands: this.#commands });
  }

  // ── Sessions ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  open(user: string, password: string, address: string): Entry<OuchPort> | Refusal {
    if (this.sender.journalHasFailed) return { code: NO_SUCH_SESSION, why: 'the venue acknowledges nothing any more' };
    const login = this.#surroundings.logins.check(user, password, address);
    if (login === undefined) return { code: NOT_AUTHORIZED, why: 'user or password is wrong, or too many tries' };
    return { port: this.#port(login), login };
  }

  /** Whose orders a number marks. One that is gone has orders still. */
  login(number: number): Login {
    const login = this.#surroundings.logins.numbered(number);
    return login ?? { user: `#${number}`, passwords: [], number, account: 0, cancelOnDisconnect: false };
  }

  /** A login's door in the session that is running: that begins with the orders that are open. */
  #port(login: Login): OuchPort {
    let port = this.ports.get(login.number);
    if (port === undefined) {
      port = this.#surroundings.makePort(login);
      this.ports.set(login.number, port);
      port.isDisabled = this.#requests.isDisabled(login.number);
      this.answers.systemEvent(port, 'S');
      for (const flow of this.table.flowsOf(login.number)) if (flow !== undefined) this.#stateOrders(flow, port);
    }
    return port;
  }

  #stateOrders(flow: Flow, port: OuchPort): void {
    port.waiting += flow.waiting?.length ?? 0;
    flow.port = port;
    port.flows[flow.channel] = flow;
    if (flow.oldest === 0) return;
    const { session } = this;
    this.walks.begin(flow, flow.oldest, (slot) => {
      if (this.session === session) this.answers.stateOnce(port, flow, slot);
      return true;
    });
  }

  /** The flow of a login's channel. */
  flow(login: number, channel: number, account: number): Flow {
    return this.table.flow(login, channel, account, this.#surroundings.lastUsed.get(clientHigh({ login, channel })) ?? 0);
  }

  portOf(flow: Flow): OuchPort {
    if (flow.port === undefined) flow.port = this.#port(this.login(flow.login));
    return flow.port;
  }

  /** Ends the session of every login, and begins another one: its messages are numbered from 1 again. Orders and references stay. */
  roll(): void {
    for (const port of this.ports.values()) this.answers.systemEvent(port, 'E');
    this.flush();
    const ended = [...this.ports.values()];
    this.session++;
    this.ports.clear();
    for (const flow of this.table.flows) flow.port = undefined;
    for (const { log, connection } of ended) {
      log.complete();
      connection?.endSession();
    }
  }

  onGone(port: OuchPort, { cancelOnDisconnect }: SignedIn): void {
    if (!cancelOnDisconnect) return;
    this.sender.tick();
    for (const flow of this.table.flowsOf(port.login.number)) {
      if (flow === undefined) continue;
      this.#forgetWaiting(flow);
      flow.goneUpTo = flow.last;
      this.cancelGone(flow, flow.oldest);
    }
    this.sender.flush();
  }

  /** What waited had no effect yet, and has none now that its client is gone. */
  #forgetWaiting(flow: Flow): void {
    if (flow.waiting === undefined) return;
    this.portOf(flow).waiting -= flow.waiting.length;
    flow.waiting = undefined;
    this.#waiting.delete(flow);
  }

  /** Cancels what a client that is gone has left, from an order on to the newest. */
  cancelGone(flow: Flow, from: number): void {
    const { gone } = flow;
    if (gone !== undefined && gone.at !== 0) {
      if (from === flow.oldest) gone.at = from; // else it is on its way there
      return;
    }
    if (from === 0) return;
    const cancel = (slot: number) => this.table.referenceOf(slot) > flow.goneUpTo || this.#commands.cancelIfQuiet(slot);
    flow.gone = this.walks.begin(flow, from, cancel);
  }

  isBlocked(port: OuchPort): boolean {
    return port.waiting >= MOST_WAITING;
  }

  /** Works off a piece: what it brought goes into the ring together. */
  afterPiece(): void {
    this.sender.flush();
    this.resume();
    this.flush();
    this.#requests.now = 0;
  }

  /** Goes on with what concerns many orders. Returns whether anything could be done. */
  walk(): boolean {
    if (this.walks.count === 0) return false;
    this.sender.tick();
    const hasWalked = this.walks.go();
    this.sender.flush();
    this.resume();
    this.flush();
    return hasWalked;
  }

  /** Puts what was said into the logs, and on its way. */
  flush(): void {
    this.#writer.flush();
  }

  // ── Messages ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  onMessage(port: OuchPort, view: DataView, at: number, bytes: number): string | undefined {
    if (this.#requests.now === 0) {
      this.#requests.now = this.sender.tick();
    }
    return this.#take(port, view, at, bytes);
  }

  /** Handles a message, or lets it wait. Returns why the connection must end, if it must. */
  #take(port: OuchPort, view: DataView, at: number, bytes: number): string | undefined {
    const elements = checkOuch(inbound, view, at, bytes);
    if (elements < 0) return notOuch(elements);
    const channel = elements >= bytes ? 0 : channelOf(view, at + elements, at + bytes);
    const flow = port.flows[channel] ?? this.#newFlow(port, channel);
    if (flow.waiting === undefined && !this.#mustWait(flow, view, at))
      return this.#requests.handle(port, flow, view, at, at + elements, at + bytes);
    flow.waiting ??= [];
    this.#waiting.add(flow);
    const message = new DataView(new ArrayBuffer(bytes));
    for (let i = 0; i < bytes; i++) message.setUint8(i, view.getUint8(at + i));
    flow.waiting.push(message);
    port.waiting++;
    return undefined;
  }

  #newFlow(port: OuchPort, channel: number): Flow {
    const flow = this.flow(port.login.number, channel, port.login.account);
    flow.port = port;
    port.flows[channel] = flow;
    return flow;
  }

  /** Whether a message means an order that is on its way: then it waits for the outcome, and what follows waits behind it. */
  #mustWait(flow: Flow, view: DataView, at: number): boolean {
    const type = view.getUint8(at);
    if (type === wire.enterOrder.type || type === wire.accountQuery.type) return false;
    if (type === wire.massCancel.type) return flow.inFlight > 0 || this.#requests.isCancelling(flow.login);
    const reference = view.getUint32(at + 1); // of the order meant, in all messages that mean one
    if (flow.inFlight === 0 || reference <= flow.concluded || reference > flow.last) return false;
    return this.table.find(flow, reference) === 0;
  }

  /** The outcome of an order or replacement is known. */
  conclude(flow: Flow, reference: number): void {
    flow.inFlight--;
    if (reference > flow.concluded) flow.concluded = reference;
  }

  /** Goes on with messages that have waited for outcomes that are known now. */
  resume(): void {
    if (this.#waiting.size === 0) return;
    this.#requests.now = this.sender.tick();
    for (const flow of [...this.#waiting]) this.#resumeFlow(flow, flow.waiting!);
    this.sender.flush();
    this.#requests.now = 0;
  }

  #resumeFlow(flow: Flow, messages: DataView[]): void {
    const port = this.portOf(flow);
    let why: string | undefined;
    let done = 0;
    for (; done < messages.length && why === undefined && !this.#mustWait(flow, messages[done], 0); done++) {
      const message = messages[done];
      const bytes = message.byteLength;
      why = this.#requests.handle(port, flow, message, 0, checkOuch(inbound, message, 0, bytes), bytes);
    }
    port.waiting -= done;
    messages.splice(0, done);
    if (messages.length === 0) {
      flow.waiting = undefined;
      this.#waiting.delete(flow);
    }
    if (why !== undefined) port.connection?.end(why);
  }
}

function notOuch(error: number): string {
  return `no OUCH message: ${WIRE_ERROR_NAMES[error]}`;
}
