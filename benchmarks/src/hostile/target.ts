/** What the hostile neighbours share: whom they talk to, and what one is. */
import net from 'node:net';

export interface Target {
  url: string;
  ports: Record<string, number | string>;
  /** of the hostile client, where it has one */
  user: string;
  password: string;
  key: string;
  secret: string;
}

export interface Neighbour {
  /** for people */
  what: string;
  /** Until then. Returns what it did. @param run how many attacks of the same login went before */
  attack(target: Target, end: number, run: number): Promise<string>;
}

export const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Where hostile clients come from: limits by address are theirs alone, on one machine too. */
const HOSTILE_ADDRESS = '127.0.0.2';

/** A connection whose end, whatever the reason, is counted and no error. */
export function connectTo(port: number, onData?: (piece: Buffer) => void): net.Socket {
  const socket = net.connect({ port, host: '127.0.0.1', localAddress: HOSTILE_ADDRESS, noDelay: true });
  socket.on('error', () => undefined);
  if (onData !== undefined) socket.on('data', onData);
  return socket;
}
