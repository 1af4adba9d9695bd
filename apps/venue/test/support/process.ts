/** Venues in processes of their own, and what tests send them. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { endLongAfterTests } from './left-open.ts';

export const OUTCRY = fileURLToPath(new URL('../../../cli/src/outcry.ts', import.meta.url));

/** What tests have time for to say that a venue's end is what they wait for, and others to fail by it. */
const UNEXPECTED_END_MS = 10_000;

/** A venue as an operator runs it: a process of its own, started by the `outcry` command. */
export class VenueProcess {
  readonly child: ChildProcess;
  readonly data: string;
  url = '';
  output = '';
  /** a test waits for its end, or brings it about */
  #mayEnd = false;

  /** by address: what a failed request says of its venue */
  static readonly #started = new Map<string, VenueProcess>();

  private constructor(child: ChildProcess, data: string) {
    this.child = child;
    this.data = data;
  }

  /** A request to a venue of these tests. One that fails says what became of the venue, and what it printed. */
  static async fetch(url: string, init?: RequestInit): Promise<Response> {
    try {
      return await fetch(url, init);
    } catch (error) {
      const venue = VenueProcess.#started.get(new URL(url).origin);
      await new Promise((resolve) => setTimeout(resolve, 300)); // its last words
      const state = venue?.isRunning ? 'runs' : `ended with ${venue?.child.exitCode ?? venue?.child.signalCode}`;
      throw new Error(`${init?.method ?? 'GET'} ${url}: ${(error as Error).cause ?? error}; the venue ${state}: ${venue?.output}`, {
        cause: error,
      });
    }
  }

  /** Starts `outcry serve` on any free port. Rejects with what it printed when it ends before it listens. */
  static async start(data: string, ...args: string[]): Promise<VenueProcess> {
    const child = spawn(process.execPath, [OUTCRY, 'serve', '--data', data, ...(args.includes('--port') ? [] : ['--port', '0']), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const venue = new VenueProcess(child, data);
    endLongAfterTests(() => venue.isRunning && venue.kill());
    await new Promise<void>((resolve, reject) => {
      const take = (chunk: Buffer) => {
        venue.output += chunk;
        const match = /(https?:\/\/[\d.]+:\d+)/.exec(venue.output);
        if (match !== null && venue.url === '') {
          venue.url = match[1];
          VenueProcess.#started.set(venue.url, venue);
          resolve();
        }
      };
      child.stdout!.on('data', take);
      child.stderr!.on('data', take);
      child.once('exit', (code) => reject(new Error(`the venue ended with ${code}: ${venue.output}`)));
    });
    child.once('exit', (code) => code !== null && code !== 0 && setTimeout(() => venue.#checkEnd(), UNEXPECTED_END_MS).unref());
    return venue;
  }

  /** Ends the tests of a file whose venue ended by itself: some would wait for its answers until their time is up. */
  #checkEnd(): void {
    if (this.#mayEnd) return;
    console.error(`the venue ended with ${this.child.exitCode}, which no test expects: ${this.output}`);
    process.exit(1);
  }

  /** Starts one and kills it after a while, wherever it is then. Rejects when it ended by itself, as no start should. */
  static async killed(data: string, milliseconds: number, ...args: string[]): Promise<void> {
    const child = spawn(process.execPath, [OUTCRY, 'serve', '--data', data, '--port', '0', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk;
      });
    }
    const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve) => child.once('exit', (...how) => resolve(how)));
    const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
    const [code, signal] = await ended;
    clearTimeout(timer);
    if (signal !== 'SIGKILL') throw new Error(`the venue ended with ${code}: ${output}`);
  }

  get ended(): Promise<number | null> {
    this.#mayEnd = true;
    if (!this.isRunning) return Promise.resolve(this.child.exitCode);
    return new Promise((resolve) => this.child.once('exit', (code) => resolve(code)));
  }

  /** Ends the venue as an operator does, after a look at its memory. */
  async close(): Promise<void> {
    await this.checkMemory();
    assert.equal(await this.kill('SIGTERM'), 0, this.output);
  }

  /** No order is in a pool that is not in a book, and no block was given twice. (With a failed journal, orders wait that nobody may see.) */
  async checkMemory(): Promise<void> {
    const read = async (what: string) => (await (await VenueProcess.fetch(`${this.url}/outcry/v1/${what}`)).json()) as any;
    const deadline = performance.now() + 60_000;
    for (;;) {
      const [{ openOrders, journal }, { parts, suspectedLeaks }] = [await read('status'), await read('memory')];
      if (journal !== 'ok') return;
      const orders = parts.find(({ name }: { name: string }) => name === 'orders').inUse;
      assert.deepEqual(suspectedLeaks, []);
      assert.ok(parts.every(({ refused }: { refused: number }) => refused === 0));
      if (orders === openOrders) return;
      assert.ok(performance.now() < deadline, `${orders} orders in the pool, ${openOrders} in the books`);
    }
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    const { ended } = this;
    this.child.kill(signal);
    return await ended;
  }
}

/** All doors of the wire protocols on any free ports, in a configuration. @param group of the feed, the tests' own: 239.255.x.1 */
export function anyPorts(group: string) {
  const lines = [{ group, port: 21_000 + (process.pid % 9000) }];
  return { ouch: { port: 0 }, fix: { port: 0 }, grpc: { port: 0 }, itch: { lines, requestPort: 0, glimpsePort: 0 } };
}

const made: string[] = [];
// At the very end: what is removed under a venue that still runs keeps its test from ending it.
process.on('exit', () => made.forEach((directory) => void fs.rmSync(directory, { recursive: true, force: true })));

/** A directory of this test's own. It goes with the process, if it is still there. */
export function temporaryDirectory(name: string): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), `outcry-${name}-`));
  made.push(directory);
  return directory;
}

/** A signed or public request as a client of its own would send it. */
export class Client {
  readonly url: string;
  readonly #key: string;
  readonly #secret: string;

  constructor(url: string, key = 'alice', secret = `${key}-secret`) {
    this.url = url;
    this.#key = key;
    this.#secret = secret;
  }

  async public(pathAndQuery: string): Promise<{ status: number; body: any; headers: Headers }> {
    return await read(await VenueProcess.fetch(this.url + pathAndQuery));
  }

  /** Parameters go into the query, signed. */
  async signed(
    method: string,
    route: string,
    parameters: Record<string, string | number> = {},
  ): Promise<{ status: number; body: any; headers: Headers }> {
    const query = this.sign(parameters);
    return await read(await VenueProcess.fetch(`${this.url}${route}?${query}`, { method, headers: { 'X-MBX-APIKEY': this.#key } }));
  }

  sign(parameters: Record<string, string | number>): string {
    const query = new URLSearchParams({ ...parameters, timestamp: String(parameters.timestamp ?? Date.now()) } as Record<
      string,
      string
    >).toString();
    return `${query}&signature=${crypto.createHmac('sha256', this.#secret).update(query).digest('hex')}`;
  }
}

async function read(response: Response) {
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers };
}
