/** Places for connections at a door, with a limit for each address and for clients that have not signed in. */
import { sourceOf } from '../../domain/addresses.ts';
import type { ConnectionSettings } from '../../domain/config.ts';

/** A connection's place at a door. */
export interface Place {
  /** It has signed in, or may stay without: it is not asked to give way any more. */
  stays(): void;
  /** It is closed. May be called again. */
  leave(): void;
}

interface Held extends Place {
  readonly address: string;
  readonly giveWay: () => void;
}

/**
 * Who may be connected to a door. Those that are not signed in never keep out one that wants to sign in: when all their places are taken,
 * the oldest of the address that has most of them gives way. Addresses are counted as {@link sourceOf} has them. A call costs the same however
 * many are connected; only a newcomer that finds no place looks through the addresses of those not signed in, at most `unsigned`. One thread's.
 */
export class Connections {
  readonly #settings: Pick<ConnectionSettings, 'most' | 'perAddress' | 'unsigned'>;
  readonly #byAddress = new Map<string, number>();
  /** not signed in, oldest first, by address; addresses by how many they have are found by {@link #crowded} */
  readonly #unsigned = new Map<string, Set<Held>>();
  #unsignedCount = 0;
  #count = 0;

  constructor(settings: Pick<ConnectionSettings, 'most' | 'perAddress' | 'unsigned'>) {
    this.#settings = settings;
  }

  get count(): number {
    return this.#count;
  }

  /** A place for a connection from an address, undefined when there is none. @param giveWay closes it, in favour of another */
  enter(from: string, giveWay: () => void): Place | undefined {
    const { most, perAddress, unsigned } = this.#settings;
    const address = sourceOf(from);
    if ((this.#byAddress.get(address) ?? 0) >= perAddress && !this.#oldestGivesWay(address)) return undefined;
    if ((this.#unsignedCount >= unsigned || this.#count >= most) && !this.#oldestGivesWay(this.#crowded(address))) return undefined;
    return this.#hold(address, giveWay);
  }

  #hold(address: string, giveWay: () => void): Place {
    let isUnsigned = true;
    let isHeld = true;
    const noLongerUnsigned = () => {
      if (!isUnsigned) return;
      isUnsigned = false;
      this.#unsignedCount--;
      const all = this.#unsigned.get(address)!;
      all.delete(held);
      if (all.size === 0) this.#unsigned.delete(address);
    };
    const held: Held = {
      address,
      giveWay,
      stays: noLongerUnsigned,
      leave: () => {
        if (!isHeld) return;
        isHeld = false;
        noLongerUnsigned();
        this.#count--;
        const left = this.#byAddress.get(address)! - 1;
        if (left === 0) this.#byAddress.delete(address);
        else this.#byAddress.set(address, left);
      },
    };
    this.#count++;
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
    this.#unsignedCount++;
    const all = this.#unsigned.get(address);
    if (all === undefined) this.#unsigned.set(address, new Set([held]));
    else all.add(held);
    return held;
  }

  /** The address with most connections that are not signed in; of equals, the one that asks, else the first. */
  #crowded(asking: string): string {
    let crowded = asking;
    let most = this.#unsigned.get(asking)?.size ?? 0;
    for (const [address, { size }] of this.#unsigned) {
      if (size <= most) continue;
      crowded = address;
      most = size;
    }
    return crowded;
  }

  /** Returns whether there was one. */
  #oldestGivesWay(address: string): boolean {
    const oldest = this.#unsigned.get(address)?.values().next().value;
    if (oldest === undefined) return false;
    oldest.leave();
    oldest.giveWay();
    return true;
  }
}
