/** How a connection goes from the thread that accepted it to the one that serves it. */
import fs from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import net from 'node:net';
import os from 'node:os';
import type { Duplex } from 'node:stream';
import { duplicateFile } from '@outcry/memory/libc';

/** A connection as the thread that takes it over is told of it. */
export interface HandedOver {
  /** the order lane's number of it */
  id: number;
  url: string;
  headers: IncomingHttpHeaders;
  address: string;
  /** bytes after the request's head */
  head: Uint8Array;
}

const NEWLINE = 0x0a;
const MOST_HEAD = 256 * 1024;

/** Whether this system lets sockets be given up. */
export function canGiveUpSockets(): boolean {
  const fd = fs.openSync(os.devNull, 'r');
  const copy = duplicateFile(fd);
  fs.closeSync(fd);
  if (copy >= 0) fs.closeSync(copy);
  return copy >= 0;
}

/**
 * Gives up a connection: its socket is closed here, and lives on under the number that is returned, for the thread that is given it.
 * -1: there is none to be had.
 */
export function giveUpSocket(socket: Duplex): number {
  const { fd } = (socket as { _handle?: { fd?: number } })._handle ?? {};
  const copy = fd === undefined || fd < 0 ? -1 : duplicateFile(fd);
  if (copy >= 0) socket.destroy();
  return copy;
}

/** A socket of a number that was given to this thread. */
export function takeSocket(fd: number): net.Socket {
  const socket = new net.Socket({ fd, readable: true, writable: true });
  socket.setNoDelay(true);
  return socket;
}

/** Passes a connection's bytes on to the thread that listens at a path, in both directions, where sockets cannot be given up: TLS. */
export function pipeSocket(socket: Duplex, path: string, handed: HandedOver): void {
  const pipe = net.connect(path);
  const { head, ...rest } = handed;
  pipe.write(`${JSON.stringify(rest)}\n`);
  pipe.write(head);
  const end = () => {
    pipe.destroy();
    socket.destroy();
  };
  for (const one of [pipe, socket]) {
    one.on('error', end);
    one.on('close', end);
  }
  socket.pipe(pipe);
  pipe.pipe(socket);
}

/** Takes in connections that are passed on to a path. */
export function listenForPipes(path: string, take: (socket: net.Socket, handed: HandedOver) => void): net.Server {
  const server = net.createServer((socket) => {
    let bytes = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    const read = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf(NEWLINE);
      if (end < 0) {
        if (bytes.length > MOST_HEAD) socket.destroy();
        return;
      }
      socket.off('data', read);
      socket.pause();
      take(socket, { ...(JSON.parse(bytes.toString('utf8', 0, end)) as Omit<HandedOver, 'head'>), head: bytes.subarray(end + 1) });
    };
    socket.on('data', read);
  });
  server.listen(path);
  return server;
}
