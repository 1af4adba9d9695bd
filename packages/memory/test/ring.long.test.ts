import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createRing, Ring } from '../src/ring.ts';

const BATCH = 2 ** 16;

for (const producers of ['one', 'many'] as const) {
  it(`who has not looked at a ring for 2^31 and 2^32 records, all of them sent, is right (${producers} producing)`, () => {
    const memory = createRing({ capacity: 2 * BATCH, slotWords: 2, producers });
    const [idle, seldom, busy, consumer] = [0, 1, 2, 3].map(() => new Ring(memory));
    for (let position = 0; position < 2 ** 32 + 2 ** 31; position += BATCH) {
      assert.equal(busy.claim(BATCH), position);
      busy.publish(position, BATCH);
      consumer.release(0, position + BATCH);
      const sent = position + BATCH;
      if (sent % 2 ** 31 !== 0) continue;
      assert.deepEqual([seldom.published(), seldom.gate(0), seldom.inUse()], [sent, sent, 0]);
      if (producers === 'many') {
        assert.equal(seldom.claim(BATCH), sent);
        seldom.publish(sent, BATCH);
        consumer.release(0, sent + BATCH);
        position += BATCH;
      }
    }
    const end = consumer.published();
    assert.equal(end, busy.published());
    assert.equal(idle.published(), end);
    if (producers === 'many') assert.equal(idle.claim(1), end);
    assert.equal(new Ring(memory).published(), end);
  });
}
