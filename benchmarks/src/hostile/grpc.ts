/** Hostile clients of gRPC. */
import http2 from 'node:http2';
import { connectTo, type Neighbour, sleep } from './target.ts';

const CONNECTIONS = 128;
const HALF_SENT = 100;
const GUESSES_AT_ONCE = 20;

/** A gRPC message's head (compression flag, length) before its bytes. */
function framed(payload: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length, 1);
  return Buffer.concat([head, payload]);
}

const callHeaders = (method: string, more = {}) => ({
  ':method': 'POST',
  ':path': `/outcry.v1.Trading/${method}`,
  'content-type': 'application/grpc',
  te: 'trailers',
  ...more,
});

function open(port: number): http2.ClientHttp2Session {
  const session = http2.connect(`http://127.0.0.1:${port}`, { createConnection: () => connectTo(port) });
  session.on('error', () => undefined);
  return session;
}

export const GRPC_NEIGHBOURS: Record<string, Neighbour> = {
  'grpc-half-sent': {
    what: `${(CONNECTIONS * HALF_SENT).toLocaleString('en')} calls whose message never ends`,
    attack: async ({ ports }, end) => {
      let begun = 0;
      const sessions = Array.from({ length: CONNECTIONS }, () => open(Number(ports.grpc)));
      const half = Buffer.alloc(16 * 1024);
      half.writeUInt32BE(1_000_000, 1);
      for (const session of sessions) {
        for (let i = 0; i < HALF_SENT && !session.destroyed && !session.closed; i++) {
          const call = session.request(callHeaders('PlaceOrder'));
          call.on('error', () => undefined);
          call.resume();
          call.write(half);
          begun++;
        }
        await sleep(1);
      }
      await sleep(end - performance.now());
      return `${begun} calls begun, ${sessions.filter(({ destroyed }) => !destroyed).length} connections left`;
    },
  },
  'grpc-guess': {
    what: 'wrong passwords, one after the other',
    attack: async ({ ports }, end) => {
      let tried = 0;
      const session = open(Number(ports.grpc));
      const guess = () =>
        new Promise<void>((resolve) => {
          const authorization = `Basic ${Buffer.from(`LOAD0:wrong${tried++}`).toString('base64')}`;
          const call = session.request(callHeaders('ListOpenOrders', { authorization }));
          call.on('error', () => resolve());
          call.on('close', () => resolve());
          call.resume();
          call.end(framed(new Uint8Array(0)));
        });
      while (performance.now() < end && !session.destroyed) await Promise.all(Array.from({ length: GUESSES_AT_ONCE }, guess));
      return `${tried} guesses`;
    },
  },
};
