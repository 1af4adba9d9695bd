import assert from 'node:assert/strict';
import { it } from 'node:test';
import { AccountBacklog } from '../src/core/fairness/account-backlog.ts';
import { AccountEvent } from '../src/doors/binance/account-event.ts';
import { until } from './support/until.ts';

function reader(log: number[]) {
  const ends: string[] = [];
  return { key: 'key', hear: ({ text }: AccountEvent) => log.push(JSON.parse(text).n), overrun: () => ends.push('overrun'), ends };
}

const event = (n: number) => () => new AccountEvent({ n });
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

it('readers are sent their account’s events in order, each from when it came; another account waits for a turn and not for all of them', async () => {
  const backlog = new AccountBacklog<AccountEvent, ReturnType<typeof reader>>({ eventsASlice: 8 });
  const [first, late, other]: number[][] = [[], [], []];
  backlog.add(1, reader(first));
  backlog.add(2, reader(other));
  for (const n of range(0, 20_000)) backlog.push(1, event(n));
  backlog.push(2, event(-1));
  backlog.add(1, reader(late));
  for (const n of range(20_000, 20_010)) backlog.push(1, event(n));
  let firstHad = -1;
  await until(
    () => {
      if (other.length > 0 && firstHad < 0) firstHad = first.length;
      return first.length === 20_010;
    },
    () => `${first.length} events`,
  );
  assert.ok(firstHad < 20_000, `the other account waited for ${firstHad} events`);
  assert.deepEqual(first, range(0, 20_010));
  assert.deepEqual(late, range(20_000, 20_010));
});

it('readers of an account with more than may wait are disconnected, and others are sent what is theirs', async () => {
  const backlog = new AccountBacklog<AccountEvent, ReturnType<typeof reader>>({ eventsASlice: 8, mostWaiting: 5000 });
  const [many, few]: number[][] = [[], []];
  const flooded = reader(many);
  const end = backlog.add(1, flooded);
  const small = reader(few);
  backlog.add(2, small);
  for (const n of range(0, 5010)) backlog.push(1, event(n));
  assert.deepEqual(flooded.ends, ['overrun'], 'once, however much more there is');
  assert.equal(backlog.isFollowed(1), false);
  for (const n of range(0, 10)) backlog.push(2, event(n));
  end();
  assert.equal(backlog.isFollowed(1), false);
  await until(
    () => few.length === 10,
    () => `${few.length} events`,
  );
  assert.deepEqual([few, small.ends], [range(0, 10), []]);
  assert.ok(many.length < 5000);
});
