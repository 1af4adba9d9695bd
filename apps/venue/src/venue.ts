import path from 'node:path';
import type { Worker } from 'node:worker_threads';
import { createLevelPool } from '@outcry/book/level-sums';
import { COMMAND, commandHead } from '@outcry/market/command';
import { Histogram } from '@outcry/telemetry/histogram';
import type { Logger } from 'pino';
import { adminTokenFile } from './core/accounts/admin-token.ts';
import { type Foundation, layFoundation } from './core/accounts/foundation.ts';
import { operatorKeyFile } from './core/accounts/operator-key.ts';
import { Clock } from './core/clock.ts';
import { defineMarket } from './core/definitions.ts';
import { Pace } from './core/fairness/pace.ts';
import { RateLimiter } from './core/fairness/rate-limits.ts';
import { FeeTierJob } from './core/fee-tiers.ts';
import { AVERAGE_MINUTES, MarketState, MarketTracker } from './core/feeds/market-state.ts';
import { MemoryMonitor } from './core/memory.ts';
import { Admission, admissionOf } from './core/orders/admission.ts';
import { Gateway } from './core/orders/gateway.ts';
import { OpenOrders } from './core/orders/open-orders.ts';
import { Sessions } from './core/orders/sessions.ts';
import { SharedState } from './core/orders/shared-state.ts';
import { portTaken } from './core/port-taken.ts';
import type { VenueConfig } from './domain/config.ts';
import { Market } from './domain/market.ts';
import { canGiveUpSockets } from './doors/binance/hand-over.ts';
import { ListenKeys } from './doors/binance/listen-keys.ts';
import type { Services } from './doors/binance/operation.ts';
import { Publishers } from './doors/binance/publishers.ts';
import { UserStreams } from './doors/binance/user-streams.ts';
import { FixGateway } from './doors/fix/fix-gateway.ts';
import { GrpcGateway } from './doors/grpc/grpc-gateway.ts';
import { hasWireThread, startWire } from './doors/soup/wire.ts';
import { startServer } from './server.ts';
import type { CommandFields } from './spine/commands.ts';
import { type Crew, startCrew } from './spine/crew.ts';
import { prepareDirectory } from './spine/data-directory.ts';
import { lockDirectory } from './spine/lock.ts';
import { ReaderWatch } from './spine/reader-watch.ts';
import type { Recovery } from './spine/recovery.ts';
import { SegmentPreparer } from './spine/segment-preparer.ts';
import { logStart } from './spine/start-log.ts';
import { ClockKeeper } from './spine/venue-clock.ts';
import { startFollower } from './store/follower.ts';
import { HistoryReaders } from './store/history-readers.ts';
import { readStored, type Stored, setAside } from './store/sqlite/stored.ts';

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
  const market = new Market(config.assets, config.instruments);
  const directory = path.join(config.data, 'journal');
  const secrets = [operatorKeyFile(config.data, config.operatorKeyFile), adminTokenFile(config.data)];
  for (const warning of prepareDirectory(config.data, storeFiles(config), secrets)) log.warn(warning);
  const lock = lockDirectory(config.data);
  if (lock.weakness !== undefined)
    log.warn(
      `${config.data} is locked by a process number only (${lock.weakness}): a second venue on it in another container is not kept out`,
    );
  const stored = findStored(config, log);
  let acknowledging: Gateway | undefined;
  const crew = await startCrew({
    limits: config.limits,
    stored,
    acceptLoss: hooks.acceptJournalLoss,
    journal: { directory, durability: config.durability, segmentBytes: config.segmentBytes, partition: 0 },
    memory: {
      commandSlots: config.commandSlots,
      eventSlots: config.eventSlots,
      wait: config.wait,
      hasWireThread: hasWireThread(config),
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
      acknowledging?.fail(`the ${thread} thread died: whether the command takes effect shows after the next start`);
      setTimeout(
        () => hooks.onFatal?.(`the ${thread} thread died: ended; the next start recovers from the journal`),
        LAST_WORDS_MS,
      ).unref();
    },
  }).catch((error: unknown) => {
    lock.release();
    throw error;
  });
  /** What was started, each with its end; ended in reverse. */
  const cleanup: (() => unknown)[] = [() => lock.release(), () => crew.stop()];
  const stop = async () => {
    for (let end = cleanup.pop(); end !== undefined; end = cleanup.pop()) {
      try {
        await end();
      } catch (error) {
        // One part that cannot end well, on a disk that takes nothing any more for one, keeps no other from it.
        log.error(`while stopping: ${(error as Error).message}`);
      }
    }
  };
  try {
    const foundation = await layFoundation(config, crew, log);
    cleanup.push(() => foundation.accounts.close());
    const wire = hasWireThread(config) ? await startWire(config, crew, foundation.accounts, log) : undefined;
    if (wire !== undefined) cleanup.push(() => wire.close());
    logStart(log, crew);
    const readers = new ReaderWatch(crew.shared, log);
    cleanup.push(() => readers.close());
    const preparer = new SegmentPreparer(directory, config.segmentBytes, (error) => log.warn(`no spare segment: ${error.message}`));
    cleanup.push(() => preparer.close());
    const watching = setInterval(() => {
      if (lock.isHeld()) return;
      clearInterval(watching);
      hooks.onFatal?.(
        `${config.data} was removed or given to another venue: ended at once, before more is acknowledged that nobody could find again`,
      );
    }, LOOK_AT_DIRECTORY_MS);
    cleanup.push(() => clearInterval(watching));
    if (stored !== undefined && crew.recovery.acceptedLoss && stored.sequence > crew.recovery.sequence) {
      log.warn(`the store knew commands that are given up: it is kept as ${setAside(stored.file)}, and another is built from the journal`);
    }
    const follower = await startFollower(config, crew, directory, databaseFile(config), log);
    const followerEnded = new Promise<void>((resolve) => follower.once('exit', () => resolve()));
    cleanup.splice(1, 0, () => followerEnded); // it ends after the crew: it writes what the crew left
    const services = await createServices(config, market, foundation, crew, log);
    cleanup.push(
      () => services.history.close(),
      () => services.publishers.close(),
    );
    for (const [name, span] of Object.entries(wire?.latencies ?? {})) services.latencies[name] = new Histogram(span);
    const { gateway, feeds, publishers, userStreams, registry } = services;
    acknowledging = gateway;
    gateway.onRecord = (name, value) => registry.apply(name, value);
    registry.submit = (fields) => gateway.submit(fields);
    services.accounts.onKeyEnded.add((key) => userStreams.endApiKey(key));
    gateway.marketListeners.push(new MarketTracker(feeds), ...publishers.queues);
    gateway.orderListeners.push(userStreams);
    gateway.accountListeners.push(userStreams);
    gateway.onTurn = () => {
      services.state.publish((instrument) => feeds[instrument].depth);
      publishers.endTurn();
    };
    await loadMinutes(services, log);
    const running = gateway.run();
    const { orders } = gateway.view;
    const keeper = new ClockKeeper(
      crew.shared.clockWords,
      (by) => log.warn(`the clock was set by ${by / 1e6} s: the venue follows`),
      hooks.wallClock,
    );
    keeper.start();
    cleanup.push(() => keeper.close());
    const clock = new Clock(
      market,
      feeds,
      orders,
      config.schedule,
      (fields) => gateway.submit(fields),
      () => crew.shared.latestCheckpoint(),
      services.now,
    );
    cleanup.push(async () => {
      clock.close();
      services.sessions.close();
      userStreams.close();
      gateway.close();
      await running;
      services.memory.close();
    });
    await defineMarket(registry, market, config, (fields) => gateway.submit(fields));
    await gateway.submit({ head: commandHead(COMMAND.SET_RISK), asset: config.risk === 'none' ? 0 : 1 });
    orders.sortByAge(); // all that were open when it started have been told of
    cancelOldSessions(services);
    if (wire !== undefined) Object.assign(services.ports, await wire.open());
    if (config.feeTiers !== undefined) {
      const { history } = services;
      const submit = (fields: CommandFields) => gateway.submit(fields);
      const job = new FeeTierJob(config.feeTiers, market, history, submit, (error) => log.warn(`fee tiers: ${error.message}`));
      cleanup.push(() => job.close());
    }
    if (config.fix !== undefined) {
      const fix = await FixGateway.open(services, config.fix.port, log);
      cleanup.push(() => fix.close());
    }
    const grpc = new GrpcGateway(services);
    cleanup.push(() => grpc.close());
    if (config.grpc !== undefined) await grpc.listen(config.grpc.port);
    const server = await startServer(services, grpc, log);
    cleanup.push(() => server.close());
    return { url: server.url, services, recovery: crew.recovery, threads: crew.threads, close: stop };
  } catch (error) {
    await stop();
    throw portTaken(error);
  }
}

async function createServices(config: VenueConfig, market: Market, foundation: Foundation, crew: Crew, log: Logger): Promise<Services> {
  const unitOf = (instrument: number) => market.instruments[instrument].unit;
  const { room } = crew.recovery; // slots and numbers may come from a time with wider limits
  const state = new SharedState({
    accounts: room.accounts,
    assets: market.assets.length,
    instruments: market.instruments.length,
    file: config.sharedStateFile,
  });
  const levels = createLevelPool(room.orders); // a level has at least one order
  const gateway = new Gateway(crew.shared, unitOf, state, new OpenOrders(room.orders, room.accounts));
  const admission = new Admission(crew.shared, crew.pools, admissionOf(config));
  const memory = new MemoryMonitor(config.data, crew.shared, crew.pools, gateway, state, config.limits.orders, log);
  admission.onShort = () => memory.tell();
  gateway.admission = admission;
  const feeds = market.instruments.map((instrument) => new MarketState(instrument, levels));
  const userStreams = new UserStreams(market, gateway.view);
  const store = { database: databaseFile(config), assets: config.assets, instruments: config.instruments };
  const { historyMs: deadlineMs, webSockets, webSocketBufferBytes: bufferBytes } = config;
  await storeReached(crew, config.readWaitMs, log);
  const publishers = await Publishers.start(
    {
      ...store,
      count: config.publishers,
      slots: config.publisherSlots,
      levels: room.orders,
      deadlineMs,
      mustPipe: config.tls !== undefined || !canGiveUpSockets(),
      webSockets: { ...webSockets, bufferBytes },
      rateLimits: config.rateLimits,
      log,
    },
    feeds,
    new ListenKeys(userStreams),
  );
  return {
    config,
    market,
    registry: foundation.registry,
    accounts: foundation.accounts,
    adminToken: foundation.adminToken,
    gateway,
    state,
    memory,
    feeds,
    publishers,
    history: new HistoryReaders({ ...store, readers: config.historyReaders, deadlineMs, log }),
    shared: crew.shared,
    limiter: new RateLimiter(config.rateLimits),
    pace: new Pace(),
    userStreams,
    sessions: new Sessions((fields) => gateway.submit(fields)),
    ports: {},
    open: {},
    latencies: {},
    log,
    now: () => Math.floor(crew.shared.clock.now() / 1000),
  };
}

/** Waits for a bounded time until the store has what was recovered: charts and average prices are loaded from it. */
async function storeReached({ shared, recovery }: Crew, mostMs: number, log: Logger): Promise<void> {
  const deadline = performance.now() + mostMs;
  while (shared.stored.read() < recovery.sequence && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
  const missing = recovery.sequence - shared.stored.known;
  if (missing > 0) log.warn(`the store is ${missing} commands behind: charts and average prices begin without their trades`);
}

function databaseFile(config: VenueConfig): string {
  return config.storeFile ?? path.join(config.data, 'store.sqlite');
}

/** The store's files, which may lie outside the data directory. */
function storeFiles(config: VenueConfig): string[] {
  return ['', '-wal', '-shm'].map((end) => databaseFile(config) + end);
}

/** What the store knows, to compare the journal with: undefined where it says nothing. */
function findStored(config: VenueConfig, log: Logger): Stored | undefined {
  try {
    return readStored(databaseFile(config));
  } catch (error) {
    log.warn(`the store cannot be read, and so not be compared with the journal: ${(error as Error).message}`);
    return undefined;
  }
}

/** Fills average prices with what the store has of the minutes before. */
async function loadMinutes({ feeds, history }: Services, log: Logger): Promise<void> {
  try {
    for (const feed of feeds) feed.loadMinutes(await history.minutes(feed.instrument.number, AVERAGE_MINUTES));
  } catch (error) {
    log.warn(`no average prices from the store: ${(error as Error).message}`);
  }
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
