/** Hostile clients of REST and WebSocket. */
import crypto from 'node:crypto';
import { connectTo, type Neighbour, sleep, type Target } from './target.ts';

const WATCHERS = 100;
const READERS = 150;
const BODIES = 100;
const HISTORY = 16;
const REFUSED = 20;

function webSocket(port: number, path: string): ReturnType<typeof connectTo> {
  const socket = connectTo(port).resume();
  const key = crypto.randomBytes(16).toString('base64');
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  return socket;
}

/** A client's text frame: masked with zeros (RFC 6455 5.2, 5.3). */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head =
    payload.length < 126
      ? Buffer.from([0x81, 0x80 | payload.length])
      : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

const portOf = ({ url }: Target) => Number(new URL(url).port);

/** Reads answers of one request after the other, over so many connections. */
async function ask(target: Target, connections: number, request: string, end: number): Promise<number> {
  let answers = 0;
  const lines = Array.from({ length: connections }, () => {
    const socket = connectTo(portOf(target), (piece) => {
      if (!piece.includes('HTTP/1.1')) return;
      answers++;
      if (performance.now() < end) socket.write(request);
    });
    socket.write(request);
    return socket;
  });
  await sleep(end - performance.now());
  for (const line of lines) line.destroy();
  return answers;
}

export const WEB_NEIGHBOURS: Record<string, Neighbour> = {
  'rest-bodies': {
    what: `${BODIES} connections that each post 64 KB of parameters, without a key, over and over`,
    attack: async (target, end) => {
      const body = Array.from({ length: 8000 }, (_, i) => `a${i}=1`)
        .join('&')
        .slice(0, 65_000);
      const request = `POST /api/v3/order HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      return `${await ask(target, BODIES, request, end)} answers`;
    },
  },
  'rest-refused': {
    what: `${REFUSED} connections that ask for nothing there is, one request after the other, opened again as they are closed`,
    attack: async (target, end) => {
      let [answers, opened] = [0, 0];
      const request = 'GET /api/v3/nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
      const open = () => {
        opened++;
        const socket = connectTo(portOf(target), () => {
          answers++;
          socket.write(request);
        });
        socket.on('close', () => performance.now() < end && setImmediate(open));
        socket.write(request);
      };
      for (let i = 0; i < REFUSED; i++) open();
      await sleep(end - performance.now());
      return `${answers} answers over ${opened} connections`;
    },
  },
  'rest-history': {
    what: `${HISTORY} connections that ask for old trades, over and over`,
    attack: async (target, end) => {
      const request =
        'GET /api/v3/aggTrades?symbol=BTCUSDT&startTime=0&endTime=99999999999999&limit=1000 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
      return `${await ask(target, HISTORY, request, end)} answers`;
    },
  },
  'ws-trades': {
    what: `${READERS} readers of @trade`,
    attack: async (target, end) => {
      for (let i = 0; i < READERS; i++) webSocket(portOf(target), '/ws/btcusdt@trade');
      await sleep(end - performance.now());
      return `${READERS} connections`;
    },
  },
  'ws-depth': {
    what: `${WATCHERS} watchers of a quiet book of 20,000 levels`,
    attack: async (target, end) => {
      const request = 'GET /api/v3/depth?symbol=ETHUSDT&limit=5000 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
      for (let i = 0; i < WATCHERS; i++) webSocket(portOf(target), '/stream?streams=ethusdt@depth20@100ms/ethusdt@depth@100ms');
      return `${WATCHERS} connections, and ${await ask(target, 4, request, end)} whole books`;
    },
  },
  'ws-subscriptions': {
    what: 'one connection that subscribes and unsubscribes 200 streams, over and over',
    attack: async (target, end) => {
      const names = JSON.stringify(
        Array.from({ length: 200 }, (_, i) => (i % 2 ? 'btcusdt' : 'ethusdt') + ['@trade', '@aggTrade', '@bookTicker', '@ticker'][i % 4]),
      );
      let sent = 0;
      let socket = webSocket(portOf(target), '/ws');
      while (performance.now() < end) {
        if (socket.destroyed) socket = webSocket(portOf(target), '/ws');
        if (socket.writableLength === 0)
          for (const method of ['SUBSCRIBE', 'UNSUBSCRIBE']) socket.write(frame(`{"method":"${method}","params":${names},"id":${++sent}}`));
        await sleep(1);
      }
      return `${sent} requests`;
    },
  },
};
