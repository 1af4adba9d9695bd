/** Shares a thread's turns among SoupBinTCP clients. */

/** Messages that are taken in a turn of the event loop: in all, and of one client. Some milliseconds, and some tenths of one. */
const MESSAGES_A_TURN = 8192;
const MESSAGES_A_CLIENT = 1024;

/** A client whose input waits to be taken in. */
export interface Client {
  /** Takes in at most so many messages. Returns how many. */
  work(most: number): number;
  /** whether there is more, and it may be taken now */
  readonly isReady: boolean;
  /** the turn that it last had a part of, and how much: kept here, by Turns */
  turn: number;
  taken: number;
}

/**
 * Shares the turns of one thread among its clients: one that sends as fast as it can does not hold the others up. What a turn has no room for
 * waits for one of the next, first come first served.
 */
export class Turns {
  #turn = 1;
  #left = MESSAGES_A_TURN;
  #waiting: Client[] = [];
  #isTurning = false;

  /** Takes in what came from a client: now, when this turn has room for it. */
  enter(client: Client): void {
    if (this.#waiting.length === 0 && this.#left > 0) this.#serve(client);
    else this.#waiting.push(client);
    this.#turnSoon();
  }

  #serve(client: Client): void {
    if (client.turn !== this.#turn) {
      client.turn = this.#turn;
      client.taken = 0;
    }
    const most = Math.min(this.#left, MESSAGES_A_CLIENT - client.taken);
    if (most > 0) {
      const taken = client.work(most);
      client.taken += taken;
      this.#left -= taken;
    }
    if (client.isReady) this.#waiting.push(client);
  }

  #turnSoon(): void {
    if (this.#isTurning) return;
    this.#isTurning = true;
    setImmediate(() => this.#next());
  }

  #next(): void {
    this.#isTurning = false;
    this.#turn++;
    this.#left = MESSAGES_A_TURN;
    const clients = this.#waiting;
    this.#waiting = [];
    let served = 0;
    while (served < clients.length && this.#left > 0) this.#serve(clients[served++]);
    if (served > 0) this.#waiting = clients.slice(served).concat(this.#waiting);
    else this.#waiting = clients;
    if (this.#waiting.length > 0) this.#turnSoon();
  }
}
