/** The thread of OUCH, GLIMPSE and ITCH. */
import fs from 'node:fs';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { event } from '@outcry/market/event';
import { sleepThread } from '@outcry/memory/bell';
import { keepCompiledCode, raiseInliningBudget } from '@outcry/memory/runtime';
import type { Span } from '@outcry/memory/span';
import type { Login } from '../core/accounts/accounts.ts';
import { LogIns } from '../core/accounts/log-ins.ts';
import { Throttle } from '../core/fairness/throttle.ts';
import { Admission } from '../core/orders/admission.ts';
import { SessionDay } from '../core/session-day.ts';
import { Market } from '../domain/market.ts';
import { Glimpse } from '../doors/itch/glimpse.ts';
import { ItchPublisher } from '../doors/itch/itch-publisher.ts';
import { MessageFeed } from '../doors/itch/message-feed.ts';
import { OuchGateway } from '../doors/ouch/ouch-gateway.ts';
import { OuchPort } from '../doors/ouch/port.ts';
import { SessionFiles } from '../doors/soup/session-files.ts';
import { SessionIds } from '../doors/soup/session-ids.ts';
import type { SoupApplication, SoupPort } from '../doors/soup/soup-connection.ts';
import { SoupServer } from '../doors/soup/soup-server.ts';
import { Turns } from '../doors/soup/turns.ts';
import type { Ports, WireMessage, WireStart, WireThreadData, WireWord } from '../doors/soup/wire.ts';
import { ENGINE_GATE, JOURNAL_FAILED, Shared, WIRE_GATE } from '../spine/shared.ts';
import { place } from '../spine/thread.ts';

raiseInliningBudget();

/**
 * While there is traffic the thread looks at its sockets and at the events between short naps: to be woken for each batch costs more than
 * it saves. After so long without any it sleeps until it is woken.
 */
const BUSY_MS = 2;
const NAP_MS = 0.03;
/** Milliseconds between tries when what concerns many orders finds no room. */
const NO_ROOM_MS = 5;
/** Events taken in before sockets get their turn. */
const EVENTS_A_TURN = 16_384;
/** Milliseconds that clients have, when the venue stops, to read what is left of their sessions. */
const LAST_READ_MS = 1000;
const TICK_MS = 1000;
const ROLL_AGAIN_MS = 10_000;

const data = workerData as WireThreadData;
const port = parentPort!;
const shared = new Shared(data.memory);
const market = new Market(data.assets, data.instruments);
const logins = new LogIns(data.logins);
const { events } = shared;
let read = events.gate(WIRE_GATE);
let stopping = false;

for (const kept of ['soup', 'glimpse']) fs.rmSync(path.join(data.directory, kept), { recursive: true, force: true }); // sessions end with the venue
const ids = new SessionIds(path.join(data.directory, 'soup.session'));
ids.onUnnoted = (error) => warn(`the session's name could not be noted (${error.message})`);
let session = ids.next();
let files = new SessionFiles(path.join(data.directory, 'soup', session));
const snapshots = new SessionFiles(path.join(data.directory, 'glimpse'));
const day = new SessionDay(data.sessionRoll);
const turns = new Turns();
const servers: SoupServer<SoupPort>[] = [];
const admission = new Admission(shared, data.pools, data.admission);
const ouch = data.ouch && new OuchGateway({ shared, admission, market, orders: data.orders, logins, makePort, lastUsed: data.numbers });
const itch = data.itch && (await publish(data.itch));
const ticking = setInterval(() => {
  for (const each of [files, snapshots]) each.tick(performance.now());
}, TICK_MS);
day.onRoll.push(roll);
port.on('message', (message: WireMessage) => {
  if (message.kind === 'stop') void stop();
  else if (message.kind === 'open') void open();
  else {
    logins.replace(message.logins);
    for (const server of servers) server.endRevoked((login) => logins.holds(login));
  }
});
const latencies: Record<string, Span> = itch === undefined ? {} : { tradeToDatagram: itch.feed.latencySpan };
port.postMessage({ ports: portsOf(data.itch, itch), latencies, placed: place(data.placement) } satisfies WireStart);
keepCompiledCode();
await run();

/** Opens the doors: from now on clients come in, and whatever they send has its answer. */
async function open(): Promise<void> {
  try {
    const ports: Ports = {};
    if (ouch !== undefined) ports.ouch = await serve(data.ouch!.port, ouch);
    if (itch !== undefined) {
      const glimpse = new Glimpse({ publisher: itch, logins, files: snapshots, throttle, session: () => session });
      ports.glimpse = await serve(data.itch!.glimpsePort, glimpse);
    }
    port.postMessage({ ports } satisfies WireWord);
  } catch (error) {
    const { message } = error as Error;
    port.postMessage({ failure: { ...(error as object), message } } satisfies WireWord); // an error's code does not come along by itself
  }
}

async function serve<Port extends SoupPort>(number: number, application: SoupApplication<Port>): Promise<number> {
  const server = await SoupServer.listen(application, { host: data.host, port: number, connections: data.connections, turns });
  servers.push(server as unknown as SoupServer<SoupPort>);
  return server.port;
}

async function publish({ lines, requestPort }: NonNullable<WireThreadData['itch']>): Promise<ItchPublisher> {
  return new ItchPublisher(market, data.orders, await MessageFeed.open({ session, lines, host: data.host, requestPort }));
}

function portsOf(config: WireThreadData['itch'], publisher: ItchPublisher | undefined): Ports {
  if (config === undefined || publisher === undefined) return {};
  const { session: itchSession, requestPort: itchRequests } = publisher.feed;
  return { itch: config.lines.map(({ group, port: number }) => `${group}:${number}`).join(' '), itchSession, itchRequests };
}

/** How fast a session may send. */
function throttle(): Throttle | undefined {
  const { messagesPerSecond } = data.connections;
  return messagesPerSecond === 0 ? undefined : new Throttle(messagesPerSecond);
}

function makePort(login: Login): OuchPort {
  const log = files.open(`ouch-${login.user}`);
  const made = new OuchPort(login, session, log, throttle());
  log.onBroken = (error) => {
    warn(`OUCH messages of ${login.user} cannot be kept: its session is over until the next one begins (${error.message})`);
    made.connection?.end('the venue cannot keep the messages of this session');
  };
  return made;
}

/** The session's day is over: the sessions of all logins end, and new ones begin with their open orders. */
function roll(): void {
  const next = ids.next();
  try {
    const ended = files;
    files = new SessionFiles(path.join(data.directory, 'soup', next));
    session = next;
    ouch?.roll();
    for (const server of servers) server.endSessions();
    ended.end();
  } catch (error) {
    warn(`the new session cannot begin, the old one goes on: ${(error as Error).message}`);
    setTimeout(roll, ROLL_AGAIN_MS).unref();
  }
}

function warn(warning: string): void {
  port.postMessage({ warning } satisfies WireWord);
}

async function run(): Promise<void> {
  const bell = shared.wireBell;
  let busyUntil = 0;
  while (!stopping) {
    const now = performance.now();
    const hasWalked = ouch?.walk();
    if (drain() || hasWalked) busyUntil = now + BUSY_MS;
    else if (now < busyUntil) sleepThread(NAP_MS);
    else {
      bell.prepare();
      if (drain()) bell.cancel();
      else await bell.waitAsync(ouch !== undefined && ouch.walks.count > 0 ? NO_ROOM_MS : 100);
    }
    await new Promise<void>((resolve) => setImmediate(resolve)); // sockets get their turn
    if (shared.journalState === JOURNAL_FAILED) void closeServers(); // nothing is acknowledged any more
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
    ouch?.events.apply(events.i32, events.f64, at);
    itch?.apply(events.i32, events.f64, at);
    read++;
  }
  if (read < begin + EVENTS_A_TURN) {
    const passed = Math.min(durable, applied);
    ouch?.sender.passUpTo(passed);
    itch?.passUpTo(passed);
  }
  itch?.feed.flush();
  if (read === begin) return false;
  events.release(WIRE_GATE, read);
  ouch?.resume();
  ouch?.sender.flush();
  ouch?.flush();
  return true;
}

/** All that is durable is told before the sessions end. */
async function stop(): Promise<void> {
  while (drain());
  for (const each of ouch?.ports.values() ?? []) ouch!.answers.systemEvent(each, 'E');
  itch?.end();
  stopping = true;
  day.close();
  clearInterval(ticking);
  shared.wireBell.ring();
  await closeServers();
  setTimeout(() => {
    itch?.feed.close();
    port.close();
  }, 50);
}

async function closeServers(): Promise<void> {
  ouch?.flush();
  for (const { log } of ouch?.ports.values() ?? []) log.complete();
  await Promise.all(servers.splice(0).map((server) => server.close(LAST_READ_MS)));
}
