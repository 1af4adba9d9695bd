/** A store as if on another machine: every answer takes a round trip, and there is none while its line is down. */
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FollowerStore } from '@outcry/replica/follower-store';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { type Store, type StoreAddress, type StoreReader, StoreUnavailable } from '../../src/store/store.ts';

const ROUND_TRIP_MS = 15;
const ASYNCHRONOUS = ['writer', 'reader', 'stored', 'setAside', 'flush', 'empty'];

export function farStoreAt(file: string): StoreAddress {
  return { module: import.meta.url, at: file };
}

/** While this file is there, the store cannot be reached. */
export function lineOf(file: string): string {
  return `${file}.down`;
}

async function trip(file: string): Promise<void> {
  await sleep(ROUND_TRIP_MS);
  if (fs.existsSync(lineOf(file))) throw new StoreUnavailable('the line is down');
}

/** Whatever is asked of it takes a trip first; what it gives to read or write with does too. */
function faraway<T extends Store | StoreReader | FollowerStore>(near: T, file: string, names?: readonly string[]): T {
  return new Proxy(near, {
    get(_, name: string) {
      const value = Reflect.get(near, name, near);
      if (typeof value !== 'function') return value;
      if (names?.includes(name) === false || name === 'close') return value.bind(near);
      return async (...args: unknown[]) => {
        await trip(file);
        const answer = await value.apply(near, args);
        if (name === 'reader') return faraway(answer, file);
        return name === 'writer' ? faraway(answer, file, ASYNCHRONOUS) : answer;
      };
    },
  });
}

export async function openStore(at: string): Promise<Store> {
  return faraway(new SqliteStore(at), at);
}
