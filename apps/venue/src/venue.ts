import type { Worker } from 'node:worker_threads';
import { COMMAND, commandHead } from '@outcry/market/command';
import { INSTRUMENT_RULE, WHOLE } from '@outcry/market/rules';
import type { Stored } from '@outcry/replica/evidence';
import type { Recovery } from '@outcry/replica/recovery';
import { Histogram } from '@outcry/telemetry/histogram';
import type { Logger } from 'pino';
import { adminTokenFile } from './core/accounts/admin-token.ts';
import { layFoundation } from './core/accounts/foundation.ts';
import { operatorKeyFile } from './core/accounts/operator-key.ts';
import { Clock } from './core/clock.ts';
import { compareMarket, defineMarket } from './core/definitions.ts';
import { diskFull } from './core/disk-full.ts';
import { FeeTierJob } from './core/fee-tiers.ts';
import { AveragePublisher } from './core/feeds/average-publisher.ts';
import { MarketTracker } from './core/feeds/market-state.ts';
import type { Gateway } from './core/orders/gateway.ts';
import { loadLists } from './core/orders/load-lists.ts';
import { portTaken } from './core/port-taken.ts';
import type { Services } from './core/services.ts';
import type { VenueConfig } from './domain/config.ts';
import { Market } from './domain/market.ts';
import { marketWarnings } from './domain/market-warnings.ts';
import type { BinanceServices } from './doors/binance/operation.ts';
import { FixGateway } from './doors/fix/fix-gateway.ts';
import { GrpcGateway } from './doors/grpc/grpc-gateway.ts';
import { hasWireThread, startWire } from './doors/soup/wire.ts';
import { Parts } from './parts.ts';
import { type Extension, startServer } from './server.ts';
import type { CommandFields } from './spine/commands.ts';
import type { CrewOptions } from './spine/crew.ts';
import { startCrew } from './spine/crew.ts';
import { prepareDirectory } from './spine/data-directory.ts';
import { lockDirectory } from './spine/lock.ts';
import { ReaderWatch } from './spine/reader-watch.ts';
import { SegmentPreparer } from './spine/segment-preparer.ts';
import { logStart } from './spine/start-log.ts';
import { ClockKeeper } from './spine/venue-clock.ts';
import { startFollower } from './store/follower.ts';
import { openStore, type Store, type StoreAddress } from './store/store.ts';
import { createServices, findStored, journalOf, loadMarkets, storeOf } from './venue-services.ts';

/** A running venue. */
export interface Venue {
  readonly url: string;
  readonly services: Services;
  readonly recovery: Recovery;
  /** those that it cannot be without, by their names */
  readonly threads: Readonly<Record<string, Worker>>;
  /** Stops taking requests, finishes what was taken, and ends all threads. */
  close(): Promise<void>;
}

export interface VenueHooks {
  log: Logger;
  /**
   * Called once when the venue cannot go on, and its process is to end: its data directory is not its own any more, so that what is
   * acknowledged from then on could not be found again, or a thread has died. Those who waited have been answered, then.
   */
  onFatal?: (why: string) => void;
  /** the last command to keep, where acknowledged ones after it are missing from the journal: an operator gives them up */
  acceptJournalLoss?: number;
  /** where history is kept; default: in the SQLite file of the configuration */
  store?: StoreAddress;
  /** what the HTTP port has beside the venue's own routes: the demo's */
  extend?: Extension;
  /** tests only: milliseconds since 1970 in place of the machine's wall clock */
  wallClock?: () => number;
  /** tests only: the fsync with this number fails */
  failSyncAt?: number;
  /** tests only: the position that events are counted from */
  eventStart?: number;
}

/** Milliseconds for the answers to those who wait when a thread has died. */
const LAST_WORDS_MS = 200;
/** Milliseconds between looks at whether the data directory is still there. */
const LOOK_AT_DIRECTORY_MS = 500;

/** Recovers what the data directory holds and starts the venue on it. Rejects when the journal is damaged or the port is taken. */
export async function startVenue(config: VenueConfig, hooks: VenueHooks): Promise<Venue> {
  const { log } = hooks;
  const parts = new Parts(log);
  try {
    const address = hooks.store ?? storeOf(config);
    const store = await openStore(address);
    claimDirectory(config, hooks, store, parts);
    const market = new Market(config.assets, config.instruments);
    const stored = await findStored(store, log);
    /** told when a thread dies, once there is one */
    const acknowledging: { gateway?: Gateway } = {};
    let followerEnded: Promise<void> | undefined;
    parts.add(() => followerEnded); // after the crew: it writes what the crew left
    const crew = await startCrew(crewOptions(config, hooks, stored, acknowledging));
    parts.add(() => crew.stop());
    const foundation = await layFoundation(config, crew, log);
    parts.add(() => foundation.accounts.close());
    compareMarket(foundation.registry, config); // before anything is told of instruments that are not defined any more
    const wire = hasWireThread(config) ? await startWire(config, crew, foundation.accounts, log) : undefined;
    if (wire !== undefined) parts.add(() => wire.close());
    logStart(log, crew);
    parts.add(new ReaderWatch(crew.shared, log));
    parts.add(new SegmentPreparer(journalOf(config), config.segmentBytes, (error) => log.warn(`no spare segment: ${error.message}`)));
    if (stored !== undefined && crew.recovery.acceptedLoss && stored.sequence > crew.recovery.sequence) {
      log.warn(`the store knew commands that are given up: it is kept as ${await store.setAside()}, and another is built from the journal`);
    }
    const follower = await startFollower(config, crew, journalOf(config), address, log);
    followerEnded = new Promise<void>((resolve) => follower.once('exit', () => resolve()));
    const services = await createServices(config, market, foundation, crew, address, parts, log);
    for (const [name, span] of Object.entries(wire?.latencies ?? {})) services.latencies[name] = new Histogram(span);
    acknowledging.gateway = services.gateway;
    const sparesBuyers = (instrument: number) => services.rules.instrument(instrument, INSTRUMENT_RULE.BUYER_DISCOUNT) === WHOLE;
    for (const warning of marketWarnings(config, sparesBuyers)) log.warn(warning);
    connect(services);
    await loadMarkets(services);
    runOrderLane(services, hooks, parts);
    await defineVenue(services);
    if (config.ouch !== undefined) parts.add(new AveragePublisher(services.feeds, services.shared, services.now)); // before the door opens
    if (wire !== undefined) Object.assign(services.ports, await wire.open());
    const url = await openDoors(services, parts, hooks.extend);
    return { url, services, recovery: crew.recovery, threads: crew.threads, close: () => parts.stop() };
  } catch (error) {
    await parts.stop();
    throw portTaken(diskFull(error, config.data));
  }
}

/** Makes the data directory this venue's own, and sees to it that it stays so. */
function claimDirectory(config: VenueConfig, { log, onFatal }: VenueHooks, store: Store, parts: Parts): void {
  const secrets = [operatorKeyFile(config.data, config.operatorKeyFile), adminTokenFile(config.data)];
  for (const warning of prepareDirectory(config.data, store.files, secrets)) log.warn(warning);
  const lock = lockDirectory(config.data);
  parts.add(() => lock.release());
  if (lock.weakness !== undefined)
    log.warn(
      `${config.data} is locked by a process number only (${lock.weakness}): a second venue on it in another container is not kept out`,
    );
  const watching = setInterval(() => {
    if (lock.isHeld()) return;
    clearInterval(watching);
    onFatal?.(`${config.data} was removed or given to another venue: ended at once, so that nothing is acknowledged that it cannot keep`);
  }, LOOK_AT_DIRECTORY_MS);
  parts.add(() => clearInterval(watching));
}

function crewOptions(
  config: VenueConfig,
  hooks: VenueHooks,
  stored: Stored | undefined,
  acknowledging: { readonly gateway?: Gateway },
): CrewOptions {
  const { log } = hooks;
  return {
    limits: config.limits,
    stored,
    acceptLoss: hooks.acceptJournalLoss,
    journal: { directory: journalOf(config), durability: config.durability, segmentBytes: config.segmentBytes, partition: 0 },
    memory: {
      commandSlots: config.commandSlots,
      eventSlots: config.eventSlots,
      wait: config.wait,
      hasWireThread: hasWireThread(config),
      instruments: config.instruments.length,
      eventStart: hooks.eventStart,
    },
    placement: {
      engine: { cpu: config.engineCpu, realTimePriority: config.realTimePriority },
      journal: { cpu: config.journalCpu, realTimePriority: config.realTimePriority },
    },
    failSyncAt: hooks.failSyncAt,
    onNotice: (notice) =>
      log[notice.kind === 'room' ? 'info' : 'error']({ thread: 'journal', ...notice }, `journal: ${notice.message ?? notice.kind}`),
    onDeath: (thread, error) => {
      log.fatal({ thread, error: error.stack }, `the ${thread} thread died`);
      acknowledging.gateway?.fail(`the ${thread} thread died: whether the command takes effect shows after the next start`);
      setTimeout(
        () => hooks.onFatal?.(`the ${thread} thread died: ended; the next start recovers from the journal`),
        LAST_WORDS_MS,
      ).unref();
    },
  };
}

/** Lets the gateway's events reach those that live by them. */
function connect({ gateway, feeds, publishers, userStreams, registry, accounts, state, shared }: BinanceServices): void {
  gateway.onRecord = (name, value) => registry.apply(name, value);
  registry.submit = (fields) => gateway.submit(fields);
  accounts.onKeyEnded.add((key) => userStreams.endApiKey(key));
  gateway.marketListeners.push(new MarketTracker(feeds, () => shared.clock.now()), ...publishers.queues);
  gateway.orderListeners.push(userStreams);
  gateway.accountListeners.push(userStreams);
  gateway.onTurn = () => {
    state.publish((instrument) => feeds[instrument].depth);
    publishers.endTurn();
  };
}

/** Starts the gateway and what keeps time. */
function runOrderLane(services: BinanceServices, { wallClock }: VenueHooks, parts: Parts): void {
  const { gateway, shared, market, feeds, config, log } = services;
  const running = gateway.run();
  const onSet = (by: number) => log.warn(`the clock was set by ${by / 1e6} s: the venue follows`);
  const keeper = new ClockKeeper(shared.clockWords, onSet, wallClock);
  keeper.start();
  parts.add(keeper);
  const submit = (fields: CommandFields) => gateway.submit(fields);
  const clock = new Clock(market, feeds, gateway.view.orders, config.schedule, submit, () => shared.latestCheckpoint(), services.now);
  parts.add(async () => {
    clock.close();
    services.sessions.close();
    services.userStreams.close();
    gateway.close();
    await running;
    services.memory.close();
  });
}

/** Brings the journal's market and rules to the configuration's, and ends what only connections of before kept alive. */
async function defineVenue(services: BinanceServices): Promise<void> {
  const { gateway, registry, market, config } = services;
  await defineMarket(registry, market, config, (fields) => gateway.submit(fields));
  await gateway.submit({ head: commandHead(COMMAND.SET_RISK), asset: config.risk === 'none' ? 0 : 1 });
  gateway.view.orders.sortByAge(); // all that were open when it started have been told of
  await loadLists(services);
  cancelOldSessions(services);
}

/** Returns the address of the HTTP door. */
async function openDoors(services: BinanceServices, parts: Parts, extend: Extension | undefined): Promise<string> {
  const { config, gateway, market, history, log } = services;
  if (config.feeTiers !== undefined) {
    const submit = (fields: CommandFields) => gateway.submit(fields);
    parts.add(new FeeTierJob(config.feeTiers, market, history, submit, (error) => log.warn(`fee tiers: ${error.message}`)));
  }
  if (config.fix !== undefined) parts.add(await FixGateway.open(services, config.fix.port, log));
  const grpc = new GrpcGateway(services);
  parts.add(grpc);
  if (config.grpc !== undefined) await grpc.listen(config.grpc.port);
  const server = await startServer(services, grpc, log, extend);
  parts.add(server);
  return server.url;
}

/** Connections did not live through the end of the venue, nor do the orders that were to end with them. */
function cancelOldSessions(services: Services): void {
  const { view } = services.gateway;
  const old = new Map<number, number>();
  for (const { number } of services.accounts.all) {
    for (const { account, terms } of view.orders.of(number)) if (terms !== undefined && terms.session > 0) old.set(terms.session, account);
  }
  for (const [session, account] of old) services.sessions.cancel(account, session);
}
