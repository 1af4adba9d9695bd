/** Placement of memory on machines with any number of nodes. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { bindMemory, nodeOfMemory, systemCalls } from '../src/libc.ts';
import { applyPlacement, createNodePools, NodePools, NumaPlanner } from '../src/numa.ts';
import { reserve } from '../src/span.ts';
import { byDistance, nodeOfCpu, parseList, readTopology, type Topology } from '../src/topology.ts';

const skip = systemCalls().done ? false : systemCalls().detail;

/** A /sys/devices/system/node as a machine with so many nodes of 4 CPUs has it; nodes stand in a ring. */
function machine(t: TestContext, nodes: number): Topology {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-numa-'));
  t.after(() => fs.rmSync(root, { recursive: true, force: true }));
  fs.writeFileSync(path.join(root, 'online'), `0-${nodes - 1}\n`);
  for (let node = 0; node < nodes; node++) {
    const folder = path.join(root, `node${node}`);
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, 'cpulist'), `${node * 2}-${node * 2 + 1},${nodes * 2 + node * 2}-${nodes * 2 + node * 2 + 1}\n`);
    const hops = (other: number) => Math.min(Math.abs(node - other), nodes - Math.abs(node - other));
    const distances = Array.from({ length: nodes }, (_, other) => (other === node ? 10 : 10 + 6 * hops(other)));
    fs.writeFileSync(path.join(folder, 'distance'), `${distances.join(' ')}\n`);
    fs.writeFileSync(path.join(folder, 'meminfo'), `Node ${node} MemTotal:  16384 kB\nNode ${node} MemFree:  ${8192 - node} kB\n`);
  }
  return readTopology(root);
}

describe('memory topology', () => {
  it('is read from the kernel’s description: CPUs, distances, memory', (t) => {
    const { nodes, known } = machine(t, 2);
    assert.equal(known, true);
    assert.deepEqual(nodes[1], { number: 1, cpus: [2, 3, 6, 7], distances: [16, 10], totalBytes: 16 << 20, freeBytes: 8191 * 1024 });
  });

  it('is one node with all CPUs where the kernel says nothing', () => {
    const { nodes, known } = readTopology('/nowhere');
    assert.deepEqual([known, nodes.length, nodes[0].cpus.length], [false, 1, os.availableParallelism()]);
    assert.ok(readTopology().nodes.length >= 1);
  });

  it('knows a CPU’s node, and the others by distance', (t) => {
    const topology = machine(t, 8);
    assert.equal(nodeOfCpu(topology, 5).number, 2);
    assert.equal(nodeOfCpu(topology, 999).number, 0);
    assert.deepEqual(
      byDistance(topology, topology.nodes[2]).map(({ number }) => number),
      [2, 1, 3, 0, 4, 5, 7, 6],
    );
  });

  it('reads the kernel’s lists', () => {
    assert.deepEqual(parseList('0-3,8,10-11\n'), [0, 1, 2, 3, 8, 10, 11]);
    assert.deepEqual(parseList('\n'), []);
    assert.throws(() => parseList('3-1'), /no list/);
  });
});

describe('NUMA policies', () => {
  for (const count of [2, 8]) {
    it(`place memory on ${count} nodes as they say`, (t) => {
      const topology = machine(t, count);
      const numbers = (planner: NumaPlanner, cpu: number) => planner.nodesFor(cpu).map(({ number }) => number);
      assert.deepEqual(numbers(new NumaPlanner('local-only', topology), 2), [1]);
      const preferred = numbers(new NumaPlanner('local-preferred', topology), 2);
      assert.deepEqual([preferred[0], preferred.length], [1, count]);
      const robin = new NumaPlanner('round-robin', topology);
      assert.deepEqual(
        Array.from({ length: count + 1 }, () => numbers(robin, 0)[0]),
        [...Array(count).keys(), 0],
      );
      assert.deepEqual(new NumaPlanner('interleaved', topology).place(1 << 20, 0), {
        offset: 0,
        bytes: 1 << 20,
        nodes: [...Array(count).keys()],
        how: 'interleave',
      });
      assert.equal(new NumaPlanner('interleaved', topology).place(100, 0).how, 'preferred', 'less than a page cannot be interleaved');
      assert.equal(new NumaPlanner('local-only', topology).place(1 << 20, 2).how, 'bind');
      const parts = new NumaPlanner('local-only', topology).divide(1 << 20);
      assert.equal(parts.length, count);
      assert.equal(
        parts.reduce((sum, { bytes }) => sum + bytes, 0),
        1 << 20,
      );
      assert.ok(parts.every(({ offset, nodes }, i) => offset % 4096 === 0 && nodes[0] === i));
    });

    it(`take from the own node’s pool first, then from the nearest (${count} nodes)`, (t) => {
      const topology = machine(t, count);
      const memory = createNodePools({ blockBytes: 64, capacity: 40, topology, members: 2 });
      const pools = new NodePools(memory, () => 2);
      const taken = Array.from({ length: 41 }, () => pools.take());
      assert.ok(taken.slice(0, 40).every((block) => block?.pool === pools.pools[1]));
      assert.equal(taken[40]?.pool, pools.pools[0], 'the nearest other node');
      assert.deepEqual([pools.localTakes, pools.crossNodeTakes], [40, 1]);
      assert.equal(pools.statistics('blocks').find(({ name }) => name === 'blocks on node 1')?.inUse, 40);
      assert.ok(Math.abs(pools.crossNodeShare - 1 / 41) < 1e-9);
      const strict = new NodePools({ ...memory, policy: 'local-only' }, () => 2);
      assert.equal(strict.take(), undefined, 'the own node is exhausted');
    });
  }

  it('say so on a machine with one node, and do the same', () => {
    const topology = readTopology('/nowhere');
    const memory = createNodePools({ blockBytes: 64, capacity: 40, topology });
    assert.match(memory.outcomes[0].detail, /one memory node: all memory is local/);
    const pools = new NodePools(memory);
    assert.ok(pools.take() !== undefined);
    assert.equal(pools.crossNodeShare, 0);
    assert.throws(() => new NumaPlanner('nearest' as never, topology), /must be one of local-preferred/);
  });

  it('bind memory for real where the system lets them', { skip }, () => {
    const span = reserve(1 << 16);
    const outcome = bindMemory(span, 'bind', [0]);
    if (outcome.done) assert.equal(nodeOfMemory(span), 0);
    else assert.match(outcome.detail, /refused/);
    assert.equal(bindMemory(span, 'bind', [900]).done, false);
    const topology = readTopology();
    assert.equal(typeof applyPlacement(span, new NumaPlanner('interleaved', topology).place(1 << 16, 0), topology).done, 'boolean');
  });
});
