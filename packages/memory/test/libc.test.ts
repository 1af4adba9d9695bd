import assert from 'node:assert/strict';
import { it } from 'node:test';
import { adviseHugePages, lockMemory, type Outcome, pinThread, setRealTime } from '../src/libc.ts';
import { reserve } from '../src/span.ts';

const outcomes: Record<string, () => Outcome> = {
  'huge pages': () => adviseHugePages(reserve(16 * 1024 * 1024)),
  'a locked buffer': () => lockMemory(reserve(8192)),
  'a pinned thread': () => pinThread(0),
  'a real-time priority out of range': () => setRealTime(1000),
  'a CPU that is not there': () => pinThread(1023),
};

for (const [name, ask] of Object.entries(outcomes)) {
  it(`${name}: takes effect, or says in words why not`, () => {
    const { done, detail } = ask();
    assert.equal(typeof done, 'boolean');
    assert.ok(detail.length > 5, detail);
  });
}

it('a thread cannot be pinned to a CPU that is not there, nor run at an impossible priority', () => {
  assert.equal(pinThread(1023).done, false);
  assert.equal(setRealTime(1000).done, false);
});

it('a small buffer gets no huge pages', () => {
  assert.deepEqual(adviseHugePages(reserve(4096)), { done: false, detail: 'smaller than a huge page' });
});
