/** Listens at TCP ports, with the backlog that all doors use. */
import type { AddressInfo, Server } from 'node:net';
import { setReceiveBuffer } from '@outcry/memory/libc';

/**
 * Connections that the system keeps for a port until the venue takes them. All that are there are taken before anything else on the thread
 * gets its turn, a tenth of a millisecond each. A client that finds no room is tried again by its own system a second later.
 */
export const BACKLOG = 64;

/**
 * Bytes that the system keeps for a connection until they are read, and half as much again: as much as is read at once. What is read of all
 * connections is worked off before anything else on the thread gets its turn, and of 64 KiB, Node's own limit, four hundred connections that
 * send what is cheap to make and dear to take apart keep it busy for a second.
 */
const RECEIVE_BYTES = 8192;

/** Has little at a time read of each connection of a server that listens. Where there are no system calls, it stays as it is. */
export function readLittle(server: Server): void {
  const { fd } = (server as { _handle?: { fd?: number } | null })._handle ?? {};
  if (fd !== undefined && fd >= 0) setReceiveBuffer(fd, RECEIVE_BYTES);
}

/** Listens at a TCP port, 0: any free one. Resolves with the port. Rejects when it is taken. */
export async function listenAt(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}
