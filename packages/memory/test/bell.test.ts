import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Bell } from '../src/bell.ts';
import { sequenceBytes } from '../src/sequence.ts';
import { reserve } from '../src/span.ts';

function bell(): Bell {
  return new Bell(reserve(sequenceBytes(2)), 1);
}

describe('bell', () => {
  it('does not sleep when it was rung after the sleep was announced', () => {
    const sleeper = bell();
    sleeper.prepare();
    sleeper.ring();
    const from = performance.now();
    sleeper.wait(5_000);
    assert.ok(performance.now() - from < 1_000);
  });

  it('wakes a sleeper that nobody rings when its time is up', async () => {
    const sleeper = bell();
    sleeper.prepare();
    sleeper.wait(5);
    sleeper.prepare();
    await sleeper.waitAsync(5);
  });

  it('wakes a thread with an event loop', async () => {
    const sleeper = bell();
    sleeper.prepare();
    const slept = sleeper.waitAsync(60_000);
    sleeper.ring();
    await slept;
  });

  it('returns at once from a sleep that was called off', async () => {
    const sleeper = bell();
    sleeper.prepare();
    sleeper.cancel();
    await sleeper.waitAsync(60_000);
    sleeper.wait(60_000);
  });
});
