/** What the visits of all doors share: a connection that is fed noise and sense, is read in fits and starts, and whose answers are checked. */
import net from 'node:net';
import type { Random } from '@outcry/workload/random';

export interface Doors {
  url: string;
  ports: Record<string, number>;
  /** of sessions: each is one connection's at a time, and others' now and then */
  logins: { user: string; password: string }[];
  key: string;
  secret: string;
}

/** One client's life at a door. Throws {@link Corrupt} when what it reads is no whole, right stream. */
export interface Door {
  readonly name: string;
  visit(random: Random, doors: Doors): Promise<void>;
}

/** The venue sent something that it must never send. */
export class Corrupt extends Error {}

export const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

export function noise(random: Random, most: number): Buffer {
  return Buffer.from(Array.from({ length: random.below(most) }, () => random.below(256)));
}

/** The same bytes, with a few of them changed, cut or doubled. */
export function mutated(random: Random, bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  for (let i = random.between(1, 4); i > 0 && changed.length > 0; i--) changed[random.below(changed.length)] = random.below(256);
  if (random.chance(0.2)) return changed.subarray(0, random.below(changed.length + 1));
  return random.chance(0.1) ? Buffer.concat([changed, changed]) : changed;
}

/** A connection that reads when it likes. */
export class Line {
  readonly socket: net.Socket;
  readonly #onPiece: (piece: Buffer) => void;
  #broken: Error | undefined;
  isClosed = false;

  constructor(port: number, onPiece: (piece: Buffer) => void) {
    this.#onPiece = onPiece;
    this.socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.isClosed = true;
    });
    this.socket.on('data', (piece: Buffer) => {
      try {
        if (this.#broken === undefined) this.#onPiece(piece);
      } catch (error) {
        this.#broken = error as Error;
      }
    });
  }

  write(bytes: Uint8Array | string): void {
    if (!this.isClosed && this.socket.writableLength < 1 << 20) this.socket.write(bytes);
  }

  /** Does things for a while, reading or not, then reads what there is and leaves. Throws what was wrong with what came. */
  async live(random: Random, act: () => void): Promise<void> {
    for (let i = random.between(1, 40); i > 0 && !this.isClosed; i--) {
      act();
      if (random.chance(0.1)) this.socket.pause();
      if (random.chance(0.2)) this.socket.resume();
      await sleep(random.chance(0.05) ? random.below(2000) : random.below(10));
    }
    if (random.chance(0.7)) {
      this.socket.resume();
      await sleep(random.below(500));
    }
    if (random.chance(0.5)) this.socket.destroy();
    else this.socket.end();
    // One that is half closed is left to the venue for a moment.
    for (let i = 0; i < 20 && !this.isClosed; i++) await sleep(10);
    this.socket.destroy();
    if (this.#broken !== undefined) throw this.#broken;
  }
}
