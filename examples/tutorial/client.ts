// What every program of the tutorial needs: a signed request, and the account's events (docs/tutorial.md).
import { createHmac } from 'node:crypto';

const { VENUE = 'http://127.0.0.1:8080', KEY = '', SECRET = '' } = process.env;

export interface Order {
  readonly orderId: number;
  readonly status: string;
  readonly executedQty: string;
  readonly fills?: { price: string; qty: string; commission: string; commissionAsset: string }[];
}

/** One request to Binance Spot's REST API, signed with the account's secret. Throws what the venue refuses. */
export async function call<Answer>(method: 'GET' | 'POST' | 'DELETE', path: string, parameters: Record<string, string> = {}) {
  const query = new URLSearchParams({ ...parameters, timestamp: String(Date.now()) });
  query.append('signature', createHmac('sha256', SECRET).update(query.toString()).digest('hex'));
  const response = await fetch(`${VENUE}/api/v3/${path}?${query}`, { method, headers: { 'X-MBX-APIKEY': KEY } });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

/** Calls `hear` with each event of the account: executionReport, outboundAccountPosition, balanceUpdate. */
export async function listen(hear: (event: Record<string, string>) => void): Promise<WebSocket> {
  const response = await fetch(`${VENUE}/api/v3/userDataStream`, { method: 'POST', headers: { 'X-MBX-APIKEY': KEY } });
  const { listenKey } = (await response.json()) as { listenKey: string };
  const socket = new WebSocket(`${VENUE.replace('http', 'ws')}/ws/${listenKey}`);
  socket.addEventListener('message', ({ data }) => hear(JSON.parse(data)));
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', reject);
  });
  return socket;
}
