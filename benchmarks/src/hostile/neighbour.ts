// A process of its own: one hostile client for so many seconds, by name. Writes what it did and the CPU it took to file descriptor 3.
import fs from 'node:fs';
import { FIX_NEIGHBOURS } from './fix.ts';
import { GRPC_NEIGHBOURS } from './grpc.ts';
import { OUCH_NEIGHBOURS } from './ouch.ts';
import type { Neighbour, Target } from './target.ts';
import { WEB_NEIGHBOURS } from './web.ts';

export interface NeighbourResult {
  cpuSeconds: number;
  /** what it did, for people */
  did: string;
}

const NEIGHBOURS: Record<string, Neighbour> = { ...WEB_NEIGHBOURS, ...FIX_NEIGHBOURS, ...GRPC_NEIGHBOURS, ...OUCH_NEIGHBOURS };

const { name, target, seconds, run } = JSON.parse(process.argv[2]) as { name: string; target: Target; seconds: number; run: number };
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  if (error.code === undefined) throw error; // a connection that the venue ended is what it came for
});
const before = process.cpuUsage();
const did = await NEIGHBOURS[name].attack(target, performance.now() + seconds * 1000, run);
const { user, system } = process.cpuUsage(before);
fs.writeSync(3, JSON.stringify({ cpuSeconds: (user + system) / 1e6, did } satisfies NeighbourResult));
process.exit();
