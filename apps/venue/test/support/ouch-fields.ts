/** Messages of OUCH, each alone on an empty book, and what comes of it. */
import assert from 'node:assert/strict';
import { after } from 'node:test';
import * as wire from '@outcry/wire/ouch50';
import { loginOf } from './logins.ts';
import type { Received } from './ouch-client.ts';
import { ouchMessage } from './ouch-message.ts';
import { type OuchHand, OuchVenue, PASSWORD } from './ouch-venue.ts';

const logins = ['ALICE', 'BOB'].map((user, i) => loginOf(user, i + 1, i, [PASSWORD]));
export const venue = new OuchVenue(logins);
after(() => venue.close());
export const alice = venue.client(logins[0]);
export const bob = venue.client(logins[1]);
export const references = { last: 0, next: () => ++references.last };
export const code = (letter: string) => letter.charCodeAt(0);
export const codes = (letters: string) => new Set([...letters].map(code));
export const every = Array.from({ length: 256 }, (_, byte) => byte);

/** What comes of one message, alone on an empty book. */
export function outcome(send: (client: OuchHand, reference: number) => string | undefined): { ended?: string; received: Received[] } {
  alice.received();
  const ended = send(alice, references.next());
  venue.runUntilIdle();
  const received = alice.received();
  alice.send(ouchMessage(wire.massCancel, { userRef: references.next(), firm: '', symbol: '' }));
  venue.runUntilIdle();
  alice.received();
  assert.equal(venue.openOrders, 0);
  return { ended, received };
}

export function enter(fields: Record<string, number | string>, tags: number[] = []) {
  return outcome((client, userRef) => client.enter({ userRef, ...fields }, tags));
}

/** An entry is refused with a code, or is accepted as it was sent. */
export function assertEntered({ received }: ReturnType<typeof enter>, refusal: number | undefined, what: string): void {
  if (refusal === undefined) assert.equal(received[0]?.message, 'order_accepted', what);
  else assert.deepEqual([received[0]?.message, received[0]?.reason, received.length], ['rejected', refusal, 1], what);
}

export const u32 = (value: number) => [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
export const element = (tag: number, ...value: number[]) => [value.length + 1, tag, ...value];
