/** After a start: what the store has of lists that are open. */
import type { Services } from '../services.ts';

const LISTS_AT_ONCE = 1000;

/** Lets the view know of open lists what an engine does not keep: their ids, and orders of theirs that have ended. */
export async function loadLists({ gateway, history, log }: Services): Promise<void> {
  const { lists } = gateway.view.orders;
  try {
    for (const [account, numbers] of lists.incomplete()) {
      for (let i = 0; i < numbers.length; i += LISTS_AT_ONCE) {
        const found = await history.listsOf(account, numbers.slice(i, i + LISTS_AT_ONCE));
        lists.complete(new Map(found.map((list) => [list.number, list])));
      }
    }
  } catch (error) {
    log.warn(`no ids of open order lists from the store: ${(error as Error).message}`);
  }
}
