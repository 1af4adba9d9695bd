// A process of its own: clients that ask for history, each again as soon as it has its answer. Writes one JSON object to file descriptor 3.
import fs from 'node:fs';
import http from 'node:http';

export interface HistoryReadersOptions {
  port: number;
  symbol: string;
  readers: number;
  seconds: number;
}

export interface HistoryReadersResult {
  answers: number;
  /** answers other than 200, by status and code */
  failures: Record<string, number>;
  cpuSeconds: number;
}

async function run({ port, symbol, readers, seconds }: HistoryReadersOptions): Promise<HistoryReadersResult> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: readers });
  const end = performance.now() + seconds * 1000;
  const since = Date.now() - 3_600_000;
  const questions = [
    `aggTrades?symbol=${symbol}&startTime=${since}&limit=1000`,
    `historicalTrades?symbol=${symbol}&fromId=1&limit=1000`,
    `aggTrades?symbol=${symbol}&fromId=1&limit=1000`,
    `klines?symbol=${symbol}&interval=1s&startTime=${since}&limit=1000`,
  ];
  const result: HistoryReadersResult = { answers: 0, failures: {}, cpuSeconds: 0 };
  const ask = (path: string) =>
    new Promise<void>((resolve, reject) => {
      const request = http.get({ port, host: '127.0.0.1', agent, path: `/api/v3/${path}` }, (response) => {
        let first = '';
        response.on('data', (bytes: Buffer) => {
          if (first === '') first = bytes.toString('utf8', 0, 80);
        });
        response.on('end', () => {
          result.answers++;
          if (response.statusCode !== 200) {
            const name = `${response.statusCode} ${/-\d+/.exec(first)?.[0]}`;
            result.failures[name] = (result.failures[name] ?? 0) + 1;
          }
          resolve();
        });
      });
      request.on('error', reject);
    });
  await Promise.all(
    Array.from({ length: readers }, async (_, i) => {
      for (let n = i; performance.now() < end; n++) await ask(questions[n % questions.length]);
    }),
  );
  agent.destroy();
  const { user, system } = process.cpuUsage();
  return { ...result, cpuSeconds: (user + system) / 1e6 };
}

const [argument] = process.argv.slice(2);
fs.writeSync(3, JSON.stringify(await run(JSON.parse(argument) as HistoryReadersOptions)));
process.exit();
