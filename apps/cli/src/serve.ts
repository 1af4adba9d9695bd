/** The `serve` command: starts a venue, and ends it on a signal. */
import type { Services } from '@outcry/venue/core/services';
import { type Demo, demoCredentials, startDemo } from '@outcry/venue/demo/demo';
import { demoRoutes, MOST_SEED } from '@outcry/venue/demo/routes';
import { findScenario, type Scenario } from '@outcry/venue/demo/scenario';
import { SCENARIOS } from '@outcry/venue/demo/scenarios';
import { ConfigError, type VenueConfig } from '@outcry/venue/domain/config';
import { Market } from '@outcry/venue/domain/market';
import { startVenue } from '@outcry/venue/venue';
import { Command } from 'commander';
import pino from 'pino';
import { type ConfigOptions, configured, withConfigOptions } from './configured.ts';
import { between } from './options.ts';

/** npm passes on a signal that the terminal has sent us already: one that comes so soon is the same one. */
const REPEATED_SIGNAL_MS = 1000;
/** A clean end takes a moment: the store catches up and a snapshot is written. One that takes longer than this does not come. */
const STOP_WITHIN_MS = 60_000;

interface ServeOptions extends ConfigOptions {
  flow: boolean;
  scenario?: string;
  seed?: number;
  paused?: boolean;
  acceptJournalLoss?: number;
}

export function serveCommand(): Command {
  const names = Object.keys(SCENARIOS).join(', ');
  return withConfigOptions(new Command('serve').description('Run the venue.'))
    .option('--no-flow', 'with --demo: without its order flow')
    .option('--scenario <name|file>', `what the demo's market does, by default everyday; "outcry scenarios" describes: ${names}`)
    .option('--seed <n>', 'the same market again: see docs/testing-kit.md', between(0, MOST_SEED))
    .option('--paused', "the scenario's clock waits for /outcry/v1/demo/clock")
    .option(
      '--accept-journal-loss <n>',
      'start although commands after n are missing; a refused start says n, and what is cut is kept in a file',
      between(0, Number.MAX_SAFE_INTEGER),
    )
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const { config } = configured(options);
  const scenario = scenarioOf(options, config); // before anything is touched
  const log = pino({ level: config.logLevel, base: null }, pino.destination({ fd: 2, sync: true }));
  const onFatal = (why: string) => {
    log.fatal(why);
    process.exit(1);
  };
  let demo: Demo | undefined;
  const extend = options.demo ? demoRoutes(() => demo) : undefined;
  const venue = await startVenue(config, { log, onFatal, acceptJournalLoss: options.acceptJournalLoss, extend }).catch((error: Error) => {
    console.error(`outcry: ${error.message}`);
    process.exit(1); // whatever it had begun: nothing of it is to keep a process that is no venue
  });
  demo = options.demo ? await startDemo(venue, { ...options, scenario }, log) : undefined;
  let stoppingSince = 0;
  const stop = async (signal: string) => {
    if (stoppingSince > 0) {
      if (performance.now() - stoppingSince < REPEATED_SIGNAL_MS) return;
      log.warn(`${signal} again: ended without waiting; the next start recovers from the journal`);
      process.exit(1);
    }
    stoppingSince = performance.now();
    log.info(`${signal}: stopping`);
    setTimeout(() => {
      log.error(`not everything could be finished in ${STOP_WITHIN_MS / 1000} s: ended without; the next start recovers from the journal`);
      process.exit(1);
    }, STOP_WITHIN_MS).unref();
    await demo?.stop();
    await venue.close();
    log.info('stopped');
    process.exit(0);
  };
  process.on('SIGINT', () => void stop('SIGINT'));
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGHUP', () => void stop('SIGHUP')); // its terminal is closed
  console.log(
    options.demo
      ? demoWelcome(venue.url, venue.services, demo)
      : `The venue listens on ${venue.url} (API documentation: ${venue.url}/docs)`,
  );
}

/** Throws ConfigError. */
function scenarioOf({ demo, flow, ...options }: ServeOptions, config: VenueConfig): Scenario | undefined {
  for (const name of ['scenario', 'seed', 'paused'] as const) {
    if (options[name] === undefined) continue;
    if (!demo) throw new ConfigError(`--${name} is about the demo's market: it needs --demo`);
    if (!flow) throw new ConfigError(`--${name} is about the demo's order flow: it cannot be with --no-flow`);
  }
  return options.scenario === undefined ? undefined : findScenario(options.scenario, new Market(config.assets, config.instruments));
}

function demoWelcome(url: string, services: Services, demo: Demo | undefined): string {
  const { ports } = services;
  const hasKey = services.accounts.byKey('alice') !== undefined;
  const [apiKey, secret] = hasKey ? ['alice', 'alice-secret'] : ['YOUR KEY', 'YOUR SECRET'];
  const { scenario, seed } = demo?.script ?? {};
  const market = scenario && `${scenario.name}, seed ${seed}; clock, reset and faults: docs/testing-kit.md`;
  const ws = url.replace('http', 'ws');
  return `
Outcry demo venue on ${url}

  page        ${url}/
  API         ${url}/docs   (Binance Spot's, under ${url}/api/v3)
  streams     ${ws}/ws   ${ws}/stream   ${ws}/ws-api/v3
  OUCH 5.0    port ${ports.ouch} (SoupBinTCP)      FIX 4.4, 5.0 SP2   port ${ports.fix} (TargetCompID OUTCRY)
  gRPC        port ${ports.grpc} (with reflection)
  ITCH 5.0    ${ports.itch} (MoldUDP64, session ${ports.itchSession}); requests ${ports.itchRequests}/udp, GLIMPSE ${ports.glimpse}
  market      ${market ?? 'without an order flow'}
  accounts    alice  (${demoCredentials(services, 'alice')})
              bob    (${demoCredentials(services, 'bob')})

Trade on it with ccxt (npm install ccxt), as a file trade.mjs:

  import ccxt from 'ccxt';
  const venue = new ccxt.binance({ apiKey: '${apiKey}', secret: '${secret}',
    options: { fetchCurrencies: false, fetchMargins: false, fetchMarkets: { types: ['spot'] } } });
  venue.urls.api = { ...venue.urls.api, public: '${url}/api/v3', private: '${url}/api/v3', sapi: '${url}/sapi/v1',
    ws: { spot: '${ws}/ws', 'ws-api': { spot: '${ws}/ws-api/v3' } } };
  console.log(await venue.createOrder('BTC/USDT', 'limit', 'buy', 0.01, 50000));
  console.log(await venue.fetchOpenOrders('BTC/USDT'));
  console.log((await venue.fetchBalance()).total);

Stop with Ctrl-C. What is in the data directory is there again at the next start.
`;
}
