/** A venue in a process of its own, for benchmarks. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const OUTCRY = fileURLToPath(new URL('../../apps/cli/src/outcry.ts', import.meta.url));

/** A venue's store in a file system in memory, which stands for another disk than the journal's. */
function storeInMemory(folder: string): string {
  return path.join('/dev/shm', `${path.basename(folder)}.sqlite`);
}

/** What a session signs in with: user and password at OUCH, FIX and gRPC, key and secret at REST. */
interface BenchLogin {
  user: string;
  password: string;
  key: string;
  secret: string;
}

/** A venue in a process of its own, with an account and a login for each session. */
export class BenchVenue {
  readonly ports: Record<string, number | string>;
  readonly logins: BenchLogin[];
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, url: string, ports: BenchVenue['ports'], logins: BenchLogin[]) {
    this.url = url;
    this.#child = child;
    this.#folder = folder;
    this.ports = ports;
    this.logins = logins;
  }

  /** @param directory where its journal is: the disk that is measured @param sessions accounts with a login each @param isStoreInMemory instead of on the journal's disk */
  static async start(directory: string, sessions: number, config: object, isStoreInMemory = false): Promise<BenchVenue> {
    const folder = fs.mkdtempSync(path.join(directory, 'outcry-bench-wire-'));
    const data = path.join(folder, 'data');
    const file = path.join(folder, 'config.json');
    const only = { ouch: undefined, fix: undefined, itch: undefined, grpc: undefined };
    const store = isStoreInMemory ? { storeFile: storeInMemory(folder) } : {};
    const limits = { connections: { messagesPerSecond: 0 } }; // what the venue can do is measured, not what it lets a client do
    const settings = { risk: 'none', realTimePriority: 1, segmentBytes: 256 * 1024 * 1024, ...limits };
    fs.writeFileSync(file, JSON.stringify({ ...settings, ...marketOf(), ...only, ...store, ...config }));
    const child = spawn(process.execPath, [OUTCRY, 'serve', '--config', file, '--port', '0', '--data', data, '--log-level', 'warn'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const url = await new Promise<string>((resolve, reject) => {
      let output = '';
      child.once('exit', (code) => reject(new Error(`the venue ended with ${code}: ${output}`)));
      child.stdout!.on('data', (chunk) => {
        output += chunk;
        const found = /http:\/\/[\d.]+:\d+/.exec(output)?.[0];
        if (found !== undefined) resolve(found);
      });
    });
    const headers = { 'x-outcry-admin': fs.readFileSync(path.join(data, 'admin.token'), 'utf8'), 'content-type': 'application/json' };
    const post = async (what: string, body: object) => {
      const answer = await fetch(`${url}/outcry/v1/${what}`, { method: 'POST', headers, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(await answer.text());
      return (await answer.json()) as BenchLogin;
    };
    const logins: BenchLogin[] = [];
    for (let i = 0; i < sessions; i++) {
      const { key, secret } = await post('accounts', { name: `load-${i}` });
      const { user, password } = await post(`accounts/load-${i}/logins`, { user: `LOAD${i}` });
      logins.push({ user, password, key, secret });
    }
    const { ports } = (await (await fetch(`${url}/outcry/v1/status`)).json()) as { ports: BenchVenue['ports'] };
    return new BenchVenue(child, folder, url, ports, logins);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** An API key of a session's account, made now. */
  async key(session: number): Promise<{ key: string; secret: string }> {
    const token = fs.readFileSync(path.join(this.#folder, 'data', 'admin.token'), 'utf8');
    const headers = { 'x-outcry-admin': token, 'content-type': 'application/json' };
    const answer = await fetch(`${this.url}/outcry/v1/accounts/load-${session}/keys`, { method: 'POST', headers, body: '{}' });
    if (!answer.ok) throw new Error(await answer.text());
    return (await answer.json()) as { key: string; secret: string };
  }

  async status(): Promise<{ latenciesNs: Record<string, Record<string, number>> }> {
    return (await (await fetch(`${this.url}/outcry/v1/status`)).json()) as Awaited<ReturnType<BenchVenue['status']>>;
  }

  async clearLatencies(): Promise<void> {
    const token = fs.readFileSync(path.join(this.#folder, 'data', 'admin.token'), 'utf8');
    await fetch(`${this.url}/outcry/v1/latencies`, { method: 'DELETE', headers: { 'x-outcry-admin': token } });
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
    fs.rmSync(this.#folder, { recursive: true, force: true });
    for (const end of ['', '-wal', '-shm']) fs.rmSync(storeInMemory(this.#folder) + end, { force: true });
  }
}

/** Filters that let every flow pass, at whatever price: each order is still checked. */
function marketOf(): object {
  const fees = { makerFeePpm: 1000, takerFeePpm: 1000 };
  const percentPrice = { bidUp: '1000000000', bidDown: '0', askUp: '1000000000', askDown: '0' };
  const common = { quote: 'USDT', tick: '0.01', lot: '0.00001', minNotional: '0', referencePrice: '60000', percentPrice, ...fees };
  return {
    assets: [
      { name: 'USDT', scale: 8 },
      { name: 'BTC', scale: 8 },
      { name: 'ETH', scale: 8 },
    ],
    instruments: [
      { symbol: 'BTCUSDT', base: 'BTC', ...common },
      { symbol: 'ETHUSDT', base: 'ETH', ...common },
    ],
  };
}
