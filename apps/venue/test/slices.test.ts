import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { Slices, Turns } from '../src/core/fairness/slices.ts';
import { until } from './support/until.ts';

describe('slices of a turn', () => {
  /** Works for a millisecond by the clock. */
  function work(): void {
    for (const end = performance.now() + 1; performance.now() < end; );
  }

  it('end with the turn, whoever has more to do', async () => {
    const slices = new Slices(2);
    let done = 0;
    const most: number[] = [];
    const workers = [1, 2, 3].map(async (key) => {
      for (let i = 0; i < 20; i++) {
        await slices.take(key);
        work();
        done++;
      }
    });
    for (let before = 0; done < 60; before = done) {
      await new Promise((resolve) => setImmediate(resolve));
      most.push(done - before);
    }
    await Promise.all(workers);
    assert.ok(Math.max(...most.slice(1)) <= 4, `slices of each turn: ${most}`);
  });

  it('are shared by keys, not by how many wait for one', async () => {
    const slices = new Slices(2);
    const order: number[] = [];
    const worker = async (key: number, times: number) => {
      for (let i = 0; i < times; i++) {
        await slices.take(key);
        work();
        order.push(key);
      }
    };
    await Promise.all([...Array.from({ length: 10 }, () => worker(1, 10)), worker(2, 10)]);
    const lastOfTwo = order.lastIndexOf(2);
    assert.ok(lastOfTwo < 45, `another key's ten slices were over after ${lastOfTwo} of 110`);
  });

  it('are shared by groups of keys, not by how many keys a group has', async () => {
    const slices = new Slices(2);
    const order: string[] = [];
    const worker = async (key: number, group: string) => {
      await slices.take(key, group);
      work();
      order.push(group);
    };
    await slices.take(-1);
    for (let i = 0; i < 3; i++) work(); // the turn is over: the others wait
    const crowd = Array.from({ length: 60 }, (_, key) => worker(key, 'crowd'));
    const two = Array.from({ length: 5 }, (_, key) => worker(1000 + key, 'two'));
    await Promise.all([...crowd, ...two]);
    const lastOfTwo = order.lastIndexOf('two');
    assert.ok(lastOfTwo < 20, `another group's five slices were over after ${lastOfTwo} of 65`);
  });

  it('are first come, first served for one key, and others are served between turns', async () => {
    const slices = new Slices(2);
    const order: number[] = [];
    let turns = 0;
    let isDone = false;
    const count = () => {
      turns++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const numbers = Array.from({ length: 60 }, (_, n) => n);
    await Promise.all(
      numbers.map(async (n) => {
        await slices.wait(0);
        work();
        order.push(n);
      }),
    );
    isDone = true;
    assert.deepEqual(order, numbers);
    assert.ok(turns >= 15, `${turns} turns`);
  });

  it('count what a piece brings about in promises', async () => {
    const slices = new Slices(2);
    let done = 0;
    for (let key = 0; key < 20; key++) {
      slices.run(key, async () => {
        await undefined;
        work();
        done++;
      });
    }
    const most: number[] = [];
    for (let before = 0; done < 20; before = done) {
      await new Promise((resolve) => setImmediate(resolve));
      most.push(done - before);
    }
    assert.ok(Math.max(...most) <= 4, `slices of each turn: ${most}`);
  });

  it('are as many as a turn has at least, when its time is up', async () => {
    const slices = new Slices(0, 3);
    const turns: number[] = [];
    let turn = 0;
    const count = () => {
      turn++;
      if (turns.length < 9) setImmediate(count);
    };
    for (let i = 0; i < 9; i++) slices.run(i, () => void turns.push(turn));
    setImmediate(count);
    await until(
      () => turns.length === 9,
      () => `${turns}`,
    );
    for (const each of new Set(turns)) assert.equal(turns.filter((one) => one === each).length, 3, `${turns}`);
  });

  it('go on after a piece that throws', () => {
    const program = `
      import { Slices } from ${JSON.stringify(new URL('../src/core/fairness/slices.ts', import.meta.url).href)};
      const slices = new Slices(2);
      process.on('uncaughtException', ({ message }) => console.log(message));
      slices.run(1, () => { throw new Error('one'); });
      slices.run(2, () => console.log('two'));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    assert.equal(stdout, 'one\ntwo\n', stderr);
  });
});

describe('workers that step through what they have', () => {
  it('get a slice each, again and again, however often work is announced', async () => {
    const steps: string[] = [];
    const left = new Map([
      ['a', 3],
      ['b', 1],
      ['c', 2],
    ]);
    const workers = [...left.keys()].map((name) => ({ name, isQueued: false }));
    const turns = new Turns<(typeof workers)[number]>(new Slices(5), ({ name }) => {
      steps.push(name);
      left.set(name, left.get(name)! - 1);
      return left.get(name)! > 0;
    });
    for (const worker of [...workers, ...workers]) turns.add(worker);
    await until(
      () => steps.length === 6,
      () => `${steps}`,
    );
    assert.deepEqual(steps, ['a', 'b', 'c', 'a', 'c', 'a']);
  });
});
