/** Filters of market data: parsed and applied. */
import { itch, locateOf } from './itch.ts';
import type { MoldReader } from './mold.ts';
import { sessionBytes } from './mold.ts';
import { ipv4, type UdpPacket } from './packet.ts';

/** What is wrong with a filter's text. */
export class FilterError extends Error {}

const NAMES = ['port', 'group', 'session', 'symbol', 'type'] as const;
type Name = (typeof NAMES)[number];

interface Clause {
  name: Name;
  isNot: boolean;
  values: string[];
}

const STOCK_LETTERS = 8;
const SPACE = 0x20;

/**
 * A filter over a feed's packets and messages, compiled once: `port 26400 and group 239.1.1.1,239.1.1.2 and not type X,D`. Clauses are
 * joined by `and`; a clause is true when one of its values is. Names: port and group (of the datagram), session (MoldUDP64), symbol and
 * type (ITCH). A symbol is found by its locate number in messages that do not name it: the filter learns numbers from those that do.
 */
export class FeedFilter {
  readonly #ports: Uint8Array | undefined;
  readonly #types: Uint8Array | undefined;
  readonly #groups: Set<number> | undefined;
  readonly #groupsWanted: boolean;
  readonly #sessions: Uint8Array[] | undefined;
  readonly #sessionsWanted: boolean;
  readonly #symbols: Set<string> | undefined;
  readonly #symbolsWanted: boolean;
  /** by locate: 0 not known, 1 wanted, 2 not */
  readonly #locates = new Uint8Array(65536);

  /** Throws FilterError. Blank text lets everything pass. */
  constructor(text: string) {
    const clauses = parse(text);
    this.#ports = tableOf(clauses.get('port'), 65536, portOf);
    this.#types = tableOf(clauses.get('type'), 256, typeOf);
    const groups = clauses.get('group');
    this.#groups = groups && new Set(groups.values.map(groupOf));
    this.#groupsWanted = !groups?.isNot;
    const sessions = clauses.get('session');
    this.#sessions = sessions?.values.map(sessionBytes);
    this.#sessionsWanted = !sessions?.isNot;
    const symbols = clauses.get('symbol');
    this.#symbols = symbols && new Set(symbols.values);
    this.#symbolsWanted = !symbols?.isNot;
  }

  /** Whether a datagram may hold something that is wanted: port and group. */
  packet(packet: UdpPacket): boolean {
    if (this.#ports !== undefined && this.#ports[packet.port] === 0) return false;
    return this.#groups === undefined || this.#groups.has(packet.group) === this.#groupsWanted;
  }

  session(datagram: MoldReader): boolean {
    if (this.#sessions === undefined) return true;
    return this.#sessions.some((session) => datagram.isOf(session)) === this.#sessionsWanted;
  }

  /** @param at a whole ITCH message */
  message(view: DataView, at: number): boolean {
    const type = view.getUint8(at);
    if (this.#symbols !== undefined && !this.#isOfSymbol(view, at, type)) return false;
    return this.#types === undefined || this.#types[type] !== 0;
  }

  #isOfSymbol(view: DataView, at: number, type: number): boolean {
    const locate = locateOf(view, at);
    if (locate === 0) return !this.#symbolsWanted; // of the whole market
    const known = this.#locates[locate];
    const stock = STOCK_AT[type];
    if (stock === 0) return known === 0 ? !this.#symbolsWanted : known === 1;
    const isWanted = this.#symbols!.has(readStock(view, at + stock)) === this.#symbolsWanted;
    this.#locates[locate] = isWanted ? 1 : 2;
    return isWanted;
  }
}

/** Where messages have their stock's name, by type; 0: nowhere. */
const STOCK_AT = new Uint8Array(256);
for (const { type, at } of itch.all) STOCK_AT[type] = (at as Record<string, number>).stock ?? 0;

function readStock(view: DataView, at: number): string {
  let text = '';
  for (let i = 0; i < STOCK_LETTERS && view.getUint8(at + i) !== SPACE; i++) text += String.fromCharCode(view.getUint8(at + i));
  return text;
}

function parse(text: string): Map<Name, Clause> {
  const clauses = new Map<Name, Clause>();
  if (text.trim() === '') return clauses;
  for (const part of text.trim().split(/\s+and\s+/i)) {
    const match = /^(not\s+)?([a-z]+)\s+(\S+)$/i.exec(part.trim());
    if (match === null) throw new FilterError(`'${part}' is no clause: write [not] ${NAMES.join('|')} value[,value...]`);
    const name = match[2].toLowerCase() as Name;
    if (!NAMES.includes(name)) throw new FilterError(`'${match[2]}' cannot be filtered by: ${NAMES.join(', ')} can`);
    if (clauses.has(name)) throw new FilterError(`'${name}' stands twice: give all its values in one clause, with commas`);
    const values = match[3].split(',').filter((value) => value !== '');
    if (values.length === 0) throw new FilterError(`'${name}' has no value`);
    clauses.set(name, { name, isNot: match[1] !== undefined, values });
  }
  return clauses;
}

function tableOf(clause: Clause | undefined, size: number, indexOf: (value: string) => number): Uint8Array | undefined {
  if (clause === undefined) return undefined;
  const table = new Uint8Array(size).fill(clause.isNot ? 1 : 0);
  for (const value of clause.values) table[indexOf(value)] = clause.isNot ? 0 : 1;
  return table;
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65535) throw new FilterError(`'${text}' is no port`);
  return port;
}

function typeOf(text: string): number {
  const named = itch.all.find(({ name }) => name === text);
  const type = named?.type ?? (text.length === 1 ? text.charCodeAt(0) : 0);
  if (itch.of(type) === undefined) throw new FilterError(`'${text}' is no ITCH message: give its letter or its name`);
  return type;
}

function groupOf(text: string): number {
  try {
    return ipv4(text);
  } catch (error) {
    throw new FilterError((error as Error).message);
  }
}
