/** A venue for the tests of a bot, started with one call: see README.md. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ScenarioFile } from '@outcry/venue/demo/scenario-schema';
import { type ClockState, reset, TestClock, TestFaults } from './control.ts';
import type { FirstLine, TestAccount, TestVenueOptions } from './options.ts';

export type { ScenarioFile } from '@outcry/venue/demo/scenario-schema';
export { type ClockState, type FaultInForce, type FaultOptions, TestClock, TestFaults } from './control.ts';
export type { TestAccount, TestVenueOptions } from './options.ts';

/** What is kept of the process's last words. */
const LAST_WORDS = 4096;

/** A venue in a process of its own, on a directory of its own, which is removed at its end. */
export interface TestVenue {
  /** of its HTTP door, without a slash at the end: Binance Spot's API is under `/api/v3`, WebSockets under `/ws` and `/ws-api/v3` */
  readonly url: string;
  /** `alice` and `bob`, with 1,000,000 USDT, 100 BTC and 1,000 ETH each */
  readonly accounts: Readonly<Record<string, TestAccount>>;
  readonly clock: TestClock;
  readonly faults: TestFaults;
  /** Cancels all orders, gives the accounts their first balances back, and begins the scenario, or another, from its seed. */
  reset(to?: { scenario?: string | ScenarioFile; seed?: number }): Promise<ClockState>;
  /** Ends it. Resolves when its process is gone. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a venue on loopback. Rejects with all that is wrong with the options, or with what its process said before it ended. */
export async function startTestVenue(options: TestVenueOptions = {}): Promise<TestVenue> {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [main, JSON.stringify(options)], { stdio: 'pipe' });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const first = await firstLine(child, ended);
  if ('error' in first) {
    await ended;
    throw new Error(`the test venue did not start: ${first.error}`);
  }
  const { url, accounts } = first;
  // A test that forgets to close it ends all the same; its own end ends the venue, by its standard input.
  for (const one of [child, child.stdin, child.stdout, child.stderr] as { unref(): void }[]) one.unref();
  const close = async () => {
    child.ref();
    child.stdin?.end();
    await ended;
  };
  return {
    url,
    accounts,
    clock: new TestClock(url),
    faults: new TestFaults(url),
    reset: (to) => reset(url, to),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The first line that a process prints. What it says on standard error, warnings and worse, goes to this process's. */
function firstLine(child: ChildProcess, ended: Promise<void>): Promise<FirstLine> {
  return new Promise((resolve, reject) => {
    let text = '';
    let words = '';
    child.once('error', reject);
    child.stdin!.on('error', () => undefined); // it is gone already
    child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n')) resolve(JSON.parse(text.slice(0, text.indexOf('\n'))) as FirstLine);
    });
    child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      words = (words + chunk).slice(-LAST_WORDS);
      if (!/ExperimentalWarning|--trace-warnings/.test(chunk)) process.stderr.write(chunk);
    });
    void ended.then(() => reject(new Error(`the test venue ended before it listened: ${words}`)));
  });
}
