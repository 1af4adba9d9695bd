import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { event } from '@outcry/market/event';
import { sleepThread } from '@outcry/memory/bell';
import type { Outcome } from '@outcry/memory/libc';
import { keepCompiledCode, raiseInliningBudget } from '@outcry/memory/runtime';
import type { Span } from '@outcry/memory/span';
import type { Login } from '../core/accounts.ts';
import type { VenueConfig } from '../core/config.ts';
import { LogIns, type SignedIn } from '../core/log-ins.ts';
import { type AssetDefinition, type InstrumentDefinition, Market } from '../core/market.ts';
import { Glimpse } from '../itch/glimpse.ts';
import { ItchPublisher } from '../itch/itch-publisher.ts';
import { MessageFeed } from '../itch/message-feed.ts';
import { OuchGateway } from '../ouch/ouch-gateway.ts';
import { OuchPort } from '../ouch/port.ts';
import type { SoupApplication, SoupConnection, SoupPort } from '../soup/soup-connection.ts';
import { SoupServer } from '../soup/soup-server.ts';
import { ENGINE_GATE, JOURNAL_FAILED, Shared, type VenueMemory, WIRE_GATE } from './shared.ts';
import { place, type ThreadPlacement } from './thread.ts';

raiseInliningBudget();

export interface WireThreadData {
  memory: VenueMemory;
  assets: AssetDefinition[];
  instruments: InstrumentDefinition[];
  orders: number;
  logins: readonly Login[];
  /** of SoupBinTCP and MoldUDP64: up to ten letters, another one at each start */
  session: string;
  /** where sequenced messages are kept */
  directory: string;
  host: string;
  ouch: VenueConfig['ouch'];
  itch: VenueConfig['itch'];
  /** highest references used, see Recovery */
  numbers: ReadonlyMap<number, number>;
  placement: ThreadPlacement;
}

export type WireMessage = { kind: 'logins'; logins: readonly Login[] } | { kind: 'stop' };
export interface WireStart {
  ports: Record<string, number | string>;
  /** histograms, by what they measure */
  latencies: Record<string, Span>;
  placed: Outcome[];
}

/**
 * While there is traffic the thread looks at its sockets and at the events between short naps: to be woken for each batch costs more than
 * it saves. After so long without any it sleeps until it is woken.
 */
const BUSY_MS = 2;
const NAP_MS = 0.03;
/** Events taken in before sockets get their turn. */
const EVENTS_A_TURN = 16_384;

const data = workerData as WireThreadData;
const port = parentPort!;
const shared = new Shared(data.memory);
const market = new Market(data.assets, data.instruments);
const logins = new LogIns(data.logins);
const { events } = shared;
let glimpse: Glimpse | undefined;
let read = events.gate(WIRE_GATE);
let stopping = false;

const directory = path.join(data.directory, data.session);
const ports: WireStart['ports'] = {};
const servers: { close(): void }[] = [];
const ouch = data.ouch && new OuchGateway(shared, market, data.orders, logins, makePort, data.numbers);
if (ouch !== undefined) ports.ouch = await serve(data.ouch!.port, ouch);
const itch = data.itch && (await publish(data.itch));
port.on('message', (message: WireMessage) => {
  if (message.kind === 'stop') stop();
  else {
    logins.replace(message.logins);
    endOthers(ouch?.ports.values() ?? []);
    endOthers(glimpse?.ports ?? []);
  }
});
const latencies: Record<string, Span> = itch === undefined ? {} : { tradeToDatagram: itch.feed.latencySpan };
port.postMessage({ ports, latencies, placed: place(data.placement) } satisfies WireStart);
keepCompiledCode();
await run();

async function serve<Port extends SoupPort>(number: number, application: SoupApplication<Port>): Promise<number> {
  const server = await SoupServer.listen(data.host, number, application);
  servers.push(server);
  return server.port;
}

async function publish({ lines, requestPort, glimpsePort }: NonNullable<WireThreadData['itch']>): Promise<ItchPublisher> {
  const feed = await MessageFeed.open({ session: data.session, lines, host: data.host, requestPort });
  const publisher = new ItchPublisher(market, data.orders, feed);
  ports.itch = lines.map(({ group, port: number }) => `${group}:${number}`).join(' ');
  ports.itchSession = data.session;
  ports.itchRequests = feed.requestPort;
  glimpse = new Glimpse(publisher, logins, directory);
  ports.glimpse = await serve(glimpsePort, glimpse);
  return publisher;
}

/** Ends the connections of logins that were revoked, or whose password holds no more. */
function endOthers(all: Iterable<{ connection: SoupConnection | undefined; signedIn: SignedIn | undefined }>): void {
  for (const { connection, signedIn } of all) {
    if (connection !== undefined && signedIn !== undefined && !logins.holds(signedIn)) connection.end('the login was revoked');
  }
}

function makePort(login: number): OuchPort {
  const found = [...logins.all].find(({ number }) => number === login);
  const known = found ?? { user: `#${login}`, passwords: [], number: login, account: 0, cancelOnDisconnect: false };
  const made = new OuchPort(known, data.session, directory, `ouch-${known.user}`);
  made.log.onBroken = (error) => {
    port.postMessage({
      warning: `OUCH messages of ${known.user} cannot be kept: its session is over until the next start (${error.message})`,
    });
    made.connection?.end('the venue cannot keep the messages of this session');
  };
  return made;
}

async function run(): Promise<void> {
  const bell = shared.wireBell;
  let busyUntil = 0;
  while (!stopping) {
    const now = performance.now();
    if (drain()) busyUntil = now + BUSY_MS;
    else if (now < busyUntil) sleepThread(NAP_MS);
    else {
      bell.prepare();
      if (drain()) bell.cancel();
      else await bell.waitAsync(100);
    }
    await new Promise<void>((resolve) => setImmediate(resolve)); // sockets get their turn
    if (shared.journalState === JOURNAL_FAILED) closeServers(); // nothing is acknowledged any more
  }
}

/** Takes in events whose commands are durable. Returns whether there was one. */
function drain(): boolean {
  const durable = shared.durable.read();
  const applied = shared.commands.gate(ENGINE_GATE);
  const end = Math.min(events.published(), read + EVENTS_A_TURN); // after `applied`: see Gateway
  const begin = read;
  while (read < end) {
    const at = events.wordOf(read);
    if (events.f64[(at >> 1) + event.F64_SEQUENCE] > durable) break;
    ouch?.answers.apply(events.i32, events.f64, at);
    itch?.apply(events.i32, events.f64, at);
    read++;
  }
  if (read < begin + EVENTS_A_TURN) {
    const settled = Math.min(durable, applied);
    ouch?.sender.settled(settled);
    itch?.settled(settled);
  }
  itch?.feed.flush();
  if (read === begin) return false;
  events.release(WIRE_GATE, read);
  ouch?.resume();
  ouch?.sender.flush();
  ouch?.answers.flush();
  return true;
}

/** All that is durable is told before the sessions end. */
function stop(): void {
  while (drain());
  for (const each of ouch?.ports.values() ?? []) ouch!.answers.systemEvent(each, 'E');
  ouch?.answers.flush();
  itch?.end();
  stopping = true;
  closeServers();
  shared.wireBell.ring();
  setTimeout(() => {
    itch?.feed.close();
    port.close();
  }, 50);
}

function closeServers(): void {
  for (const server of servers.splice(0)) server.close();
}
