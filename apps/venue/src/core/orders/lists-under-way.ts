/** Order lists on their way to the engine: their ids are in use too. */
import { COMMAND } from '@outcry/market/command';
import { kindOf } from '@outcry/market/command-head';
import type { CommandFields } from '../../spine/commands.ts';
import type { Outcome } from './outcome.ts';

/** Lists that were sent, and that nobody knows yet whether they are open: their ids are in use too. Oldest first. */
export class ListsUnderWay {
  readonly #sent = new Map<string, Outcome>();

  /** What will be known of a list with the id of one that is to be sent; undefined: there is none. */
  twinOf(fields: CommandFields): Outcome | undefined {
    return this.#sent.size === 0 || !isList(fields) ? undefined : this.#sent.get(keyOf(fields));
  }

  send(fields: CommandFields, outcome: Outcome): void {
    if (isList(fields)) this.#sent.set(keyOf(fields), outcome);
  }

  /** All commands up to a number have been applied, and their events read: what they sent is known. */
  forgetUpTo(sequence: number): void {
    if (this.#sent.size === 0) return;
    for (const [key, { sequence: own }] of this.#sent) {
      if (own > sequence) return;
      this.#sent.delete(key);
    }
  }
}

export function isList({ head }: CommandFields): boolean {
  return kindOf(head) === COMMAND.NEW_LIST;
}

function keyOf({ account, text }: CommandFields): string {
  return `${account} ${text}`;
}
