/** The whole table, and what it comes to. */
import { account } from './account.ts';
import { enums } from './enums.ts';
import { errorCodes } from './errors.ts';
import { type Fact, names, type OperationFact } from './fact.ts';
import { filters } from './filters.ts';
import { marketData } from './market-data.ts';
import { orderLists } from './order-lists.ts';
import { orders } from './orders.ts';
import { sessions } from './sessions.ts';
import { intervals, streams } from './streams.ts';
import { conditionalFields, userEvents } from './user-events.ts';

export const operationFacts: OperationFact[] = [...marketData, ...orders, ...orderLists, ...account, ...sessions];

/** Facts by their kind, in the order in which docs/binance-coverage.md has them. */
export const kinds: Record<string, Fact[]> = {
  streams,
  'candle intervals': intervals,
  'user events': userEvents,
  'conditional fields of executionReport': conditionalFields,
  filters,
  'error codes': errorCodes,
};

interface Count {
  there: number;
  all: number;
}

function countOf(facts: readonly { not?: string }[]): Count {
  return { there: facts.filter(({ not }) => not === undefined).length, all: facts.length };
}

/** Of a row's documented parameters, how many the venue takes. A row that is not there takes none. */
function parametersOf({ parameters, without = {}, not }: OperationFact): Count {
  const all = names(parameters);
  return { there: not === undefined ? all.filter((name) => !Object.hasOwn(without, name)).length : 0, all: all.length };
}

function sum(counts: readonly Count[]): Count {
  return { there: counts.reduce((n, { there }) => n + there, 0), all: counts.reduce((n, { all }) => n + all, 0) };
}

/** What is there of each kind, and how much there is. */
export function counts(): Record<string, Count> {
  return {
    'REST endpoints': countOf(operationFacts.filter(({ rest }) => rest !== undefined)),
    'WebSocket API methods': countOf(operationFacts.filter(({ ws }) => ws !== undefined)),
    parameters: sum(operationFacts.map(parametersOf)),
    ...Object.fromEntries(Object.entries(kinds).map(([kind, facts]) => [kind, countOf(facts)])),
    'enumeration values': sum(
      enums.map(({ values, without = {} }) => {
        const there = names(values).length;
        return { there, all: there + Object.keys(without).length };
      }),
    ),
  };
}
