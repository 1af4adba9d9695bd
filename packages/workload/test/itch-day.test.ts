import assert from 'node:assert/strict';
import { test } from 'node:test';
import { itch } from '@outcry/wire/itch';
import { ItchDay } from '@outcry/workload/itch-day';

test('a generated day holds every message type, the same bytes for the same seed, and times that never go back', () => {
  const play = () => {
    const types = new Set<string>();
    let hash = 0;
    let last = 0;
    new ItchDay({ seed: 3, instruments: 100, messages: 60_000 }, (view, bytes, timestamp) => {
      types.add(String.fromCharCode(view.getUint8(0)));
      for (let i = 0; i < bytes; i++) hash = (Math.imul(hash, 31) + view.getUint8(i)) | 0;
      assert.ok(timestamp >= last);
      last = timestamp;
    }).run();
    return { types, hash };
  };
  const first = play();
  assert.deepEqual(first.types, new Set(itch.all.map(({ type }) => String.fromCharCode(type))));
  assert.equal(play().hash, first.hash);
});
