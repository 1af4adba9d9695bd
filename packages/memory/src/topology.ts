/** The machine's memory nodes. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface NumaNode {
  readonly number: number;
  readonly cpus: readonly number[];
  /** to each node of {@link Topology.nodes}, in their order; 10 is local */
  readonly distances: readonly number[];
  readonly totalBytes: number;
  readonly freeBytes: number;
}

export interface Topology {
  readonly nodes: readonly NumaNode[];
  /** whether the system described it, or one node was taken for granted */
  readonly known: boolean;
}

const SYSFS = '/sys/devices/system/node';
const LOCAL_DISTANCE = 10;
const REMOTE_DISTANCE = 20;

/** The machine's memory nodes as the kernel describes them. Where it does not, one node with all CPUs. @param root of the /sys tree's nodes */
export function readTopology(root = SYSFS): Topology {
  try {
    const numbers = parseList(fs.readFileSync(path.join(root, 'online'), 'utf8'));
    if (numbers.length === 0) throw new Error('no node is online');
    return { known: true, nodes: numbers.map((number, i) => readNode(root, number, i, numbers.length)) };
  } catch {
    const cpus = Array.from({ length: os.availableParallelism() }, (_, cpu) => cpu);
    return { known: false, nodes: [{ number: 0, cpus, distances: [LOCAL_DISTANCE], totalBytes: os.totalmem(), freeBytes: os.freemem() }] };
  }
}

function readNode(root: string, number: number, index: number, count: number): NumaNode {
  const read = (file: string) => fs.readFileSync(path.join(root, `node${number}`, file), 'utf8');
  const meminfo = read('meminfo');
  const kilobytes = (field: string) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(meminfo)?.[1] ?? 0) * 1024;
  const distances = read('distance').trim().split(/\s+/).map(Number);
  const fallback = Array.from({ length: count }, (_, i) => (i === index ? LOCAL_DISTANCE : REMOTE_DISTANCE));
  return {
    number,
    cpus: parseList(read('cpulist')),
    distances: distances.length === count && distances.every((distance) => distance > 0) ? distances : fallback,
    totalBytes: kilobytes('MemTotal'),
    freeBytes: kilobytes('MemFree'),
  };
}

/** A kernel list: `0-3,8,10-11`. */
export function parseList(text: string): number[] {
  return text
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [from, to = from] = part.split('-').map(Number);
      if (!Number.isInteger(from) || !Number.isInteger(to) || to < from) throw new Error(`no list of numbers: '${text.trim()}'`);
      return Array.from({ length: to - from + 1 }, (_, i) => from + i);
    });
}

/** The node that a CPU belongs to; the first where that is not known. */
export function nodeOfCpu({ nodes }: Topology, cpu: number): NumaNode {
  return nodes.find(({ cpus }) => cpus.includes(cpu)) ?? nodes[0];
}

/** All nodes, nearest to a node first; itself first of all. */
export function byDistance({ nodes }: Topology, from: NumaNode): NumaNode[] {
  const distance = (node: NumaNode) => from.distances[nodes.indexOf(node)];
  return [...nodes].sort((a, b) => distance(a) - distance(b) || a.number - b.number);
}
