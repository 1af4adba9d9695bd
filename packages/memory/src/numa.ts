/** Placement of memory on the nodes of a machine. */
import { createPool, openPool } from './guarded-pool.ts';
import { bindMemory, currentCpu, type Outcome, PAGE } from './libc.ts';
import { NONE, type Pool } from './pool.ts';
import type { PoolOptions } from './pool-layout.ts';
import { reserve, type Span, within } from './span.ts';
import type { PoolStatistics } from './statistics.ts';
import { byDistance, type NumaNode, nodeOfCpu, readTopology, type Topology } from './topology.ts';

/**
 * Where memory goes on a machine with several nodes.
 * - `local-preferred`: the thread's own node, the nearest others when that has no room
 * - `local-only`: the thread's own node or none
 * - `round-robin`: each request the next node
 * - `interleaved`: page by page over all nodes
 */
export type NumaPolicy = 'local-preferred' | 'local-only' | 'round-robin' | 'interleaved';

export const NUMA_POLICIES: readonly NumaPolicy[] = ['local-preferred', 'local-only', 'round-robin', 'interleaved'];

/** A range of bytes and the nodes that it goes to: the first, or the others in this order if that is full. */
export interface NumaPlacement {
  readonly offset: number;
  readonly bytes: number;
  readonly nodes: readonly number[];
  readonly how: 'preferred' | 'bind' | 'interleave';
}

/** Says where memory goes; without system calls, so that it can be asked about machines that are not there. */
export class NumaPlanner {
  readonly topology: Topology;
  readonly policy: NumaPolicy;
  #next = 0;

  constructor(policy: NumaPolicy, topology = readTopology()) {
    if (!NUMA_POLICIES.includes(policy)) throw new RangeError(`NUMA policy '${policy}': must be one of ${NUMA_POLICIES.join(', ')}`);
    this.policy = policy;
    this.topology = topology;
  }

  /** The nodes that a request from a CPU may use, best first. */
  nodesFor(cpu: number): NumaNode[] {
    const { nodes } = this.topology;
    const own = nodeOfCpu(this.topology, cpu);
    switch (this.policy) {
      case 'local-only':
        return [own];
      case 'local-preferred':
        return byDistance(this.topology, own);
      default: {
        const first = this.#next++ % nodes.length;
        return [...nodes.slice(first), ...nodes.slice(0, first)];
      }
    }
  }

  /** How a range of bytes is placed for a thread on a CPU. Whole pages: what is smaller goes to one node. */
  place(bytes: number, cpu: number): NumaPlacement {
    const { nodes } = this.topology;
    if (this.policy === 'interleaved' && nodes.length > 1 && bytes > PAGE) {
      return { offset: 0, bytes, nodes: nodes.map(({ number }) => number), how: 'interleave' };
    }
    const [first, ...others] = this.nodesFor(cpu).map(({ number }) => number);
    return this.policy === 'local-only' || this.policy === 'round-robin'
      ? { offset: 0, bytes, nodes: [first], how: 'bind' }
      : { offset: 0, bytes, nodes: [first, ...others], how: 'preferred' };
  }

  /** A range divided among all nodes, each its own part of whole pages: for pools a node. */
  divide(bytes: number): NumaPlacement[] {
    const { nodes } = this.topology;
    const share = Math.ceil(bytes / nodes.length / PAGE) * PAGE;
    return nodes
      .map(({ number }, i) => ({ offset: i * share, bytes: Math.min(share, bytes - i * share), nodes: [number], how: 'bind' as const }))
      .filter(({ bytes: part }) => part > 0);
  }
}

/** Puts a range of a span where a placement says. On a machine with one node there is nothing to do, and it says so. */
export function applyPlacement(span: Span, placement: NumaPlacement, topology: Topology): Outcome {
  if (topology.nodes.length === 1) return { done: true, detail: 'the machine has one memory node: all memory is local' };
  const nodes = placement.how === 'preferred' ? placement.nodes.slice(0, 1) : placement.nodes;
  return bindMemory(within(span, placement.offset, placement.bytes), placement.how, nodes);
}

export interface NodePoolOptions extends PoolOptions {
  readonly policy?: NumaPolicy;
  readonly topology?: Topology;
}

/** What threads need to attach to a pool a node: plain data. */
export interface NodePoolMemory {
  readonly policy: NumaPolicy;
  readonly topology: Topology;
  /** by the order of the topology's nodes */
  readonly pools: readonly Span[];
  readonly outcomes: readonly Outcome[];
}

/** Makes a pool on each node, `capacity` blocks each, and binds it there. */
export function createNodePools(options: NodePoolOptions): NodePoolMemory {
  const { policy = 'local-preferred', topology = readTopology() } = options;
  const outcomes: Outcome[] = [];
  const pools = topology.nodes.map(({ number }) =>
    createPool(options, (bytes) => {
      const span = reserve(bytes);
      outcomes.push(applyPlacement(span, { offset: 0, bytes, nodes: [number], how: 'bind' }, topology));
      return span;
    }),
  );
  return { policy, topology, pools, outcomes };
}

/** A block of one of several pools. */
export interface NodeBlock {
  readonly pool: Pool;
  readonly handle: number;
}

/**
 * Pools on every node as one: a thread takes from its own node's, then from the nearest, as the policy says. Blocks know their pool;
 * give them there. Counted: takes from the own node and from others.
 */
export class NodePools {
  readonly pools: readonly Pool[];
  localTakes = 0;
  crossNodeTakes = 0;
  readonly #planner: NumaPlanner;
  readonly #cpu: () => number;

  /** @param cpu tells the CPU that the thread runs on */
  constructor({ pools, policy, topology }: NodePoolMemory, cpu: () => number = () => Math.max(0, currentCpu())) {
    this.#planner = new NumaPlanner(policy, topology);
    this.#cpu = cpu;
    this.pools = pools.map(openPool);
  }

  /** Takes a block from the first pool that has one; undefined when none has that the policy allows. */
  take(): NodeBlock | undefined {
    const { topology } = this.#planner;
    const cpu = this.#cpu();
    const own = nodeOfCpu(topology, cpu);
    for (const node of this.#planner.nodesFor(cpu)) {
      const pool = this.pools[topology.nodes.indexOf(node)];
      const handle = pool.take();
      if (handle === NONE) continue;
      if (node === own) this.localTakes++;
      else this.crossNodeTakes++;
      return { pool, handle };
    }
    return undefined;
  }

  /** How each node's pool stands. */
  statistics(name: string): PoolStatistics[] {
    const { nodes } = this.#planner.topology;
    return this.pools.map((pool, i) => pool.statistics(`${name} on node ${nodes[i].number}`));
  }

  /** Share of takes that another node served: 0 to 1. */
  get crossNodeShare(): number {
    const all = this.localTakes + this.crossNodeTakes;
    return all === 0 ? 0 : this.crossNodeTakes / all;
  }
}
