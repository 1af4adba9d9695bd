/** A venue's configuration from the command line, the environment and a file, for all commands that have to do with it. */
import path from 'node:path';
import { ConfigError, DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS, type VenueConfig } from '@outcry/venue/domain/config';
import {
  environmentSource,
  fileSource,
  optionsSource,
  type Resolved,
  resolve,
  type Source,
  sourceOf,
} from '@outcry/venue/domain/config-sources';
import type { Command } from 'commander';

/** As they are given: the schema checks them like a file. */
export interface ConfigOptions {
  config?: string;
  data?: string;
  port?: string;
  host?: string;
  demo?: boolean;
  logLevel?: string;
  set?: string[];
}

/** The demo's welcome is not to be lost among messages of the start. */
const DEMO_LOG_LEVEL = 'warn';
const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];

export function withConfigOptions(command: Command): Command {
  return command
    .option('--config <file>', 'JSON configuration; see docs/configuration.md')
    .option('--data <dir>', `directory of journal, snapshots and store (default: "${DEFAULTS.data}")`)
    .option('--port <n>', `port (default: ${DEFAULTS.port}; 0: any free one)`)
    .option('--host <h>', `address to listen on (default: "${DEFAULTS.host}")`)
    .option('--demo', 'trade BTCUSDT and ETHUSDT with accounts alice and bob, on loopback only')
    .option(
      '--log-level <level>',
      `trace, debug, info, warn, error, fatal or silent (default: "${DEFAULTS.logLevel}"; with --demo "${DEMO_LOG_LEVEL}")`,
    )
    .option(
      '--set <key=value>',
      'any key of the configuration, as limits.orders=1000000; may be given more than once',
      (one: string, all: string[] = []) => [...all, one],
    );
}

/** Command line over environment over configuration file over demo over defaults. Throws ConfigError with all that is wrong. */
export function configured(options: ConfigOptions): Resolved {
  const { data, port, host, logLevel } = options;
  const given = optionsSource({ data, port, host, logLevel }, options.set ?? []);
  const stated: Source[] = [...(options.config === undefined ? [] : [fileSource(options.config)]), environmentSource(process.env), given];
  const demo = options.demo
    ? [sourceOf('demo', demoSettings(stated.findLast(({ values }) => values.port !== undefined)?.values.port))]
    : [];
  const { config, origins } = resolve([...demo, ...stated], ' in --config, or use --demo');
  if (options.demo && !LOOPBACK.includes(config.host))
    throw new ConfigError(`--demo has public passwords and listens on loopback only, not on ${config.host}`);
  return { config: { ...config, data: path.resolve(config.data) }, origins };
}

function demoSettings(port: unknown): Partial<VenueConfig> {
  const gateways = demoGateways(typeof port === 'number' ? port : DEFAULTS.port);
  return { assets: DEMO_ASSETS, instruments: DEMO_INSTRUMENTS, rateLimits: DEMO_RATE_LIMITS, logLevel: DEMO_LOG_LEVEL, ...gateways };
}

/** The demo's other doors, on the ports after its own; on any free ones when it takes one itself. */
function demoGateways(port: number): Partial<VenueConfig> {
  const next = (n: number) => (port === 0 ? 0 : port + n);
  const group = (n: number) => ({ group: `239.255.80.${n}`, port: port === 0 ? 20_000 + ((process.pid * 2 + n) % 40_000) : port + 6 });
  return {
    ouch: { port: next(1) },
    fix: { port: next(2) },
    grpc: { port: next(3) },
    itch: { lines: [group(1), group(2)], requestPort: next(5), glimpsePort: next(4) },
  };
}
