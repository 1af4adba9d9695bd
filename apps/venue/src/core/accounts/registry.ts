/** The registry: records that the gateways keep in the journal by name. */
import { COMMAND, commandHead } from '@outcry/market/command';
import type { VenueRecord } from '@outcry/market/record';
import { type CommandFields, recordCount, writeRecords } from '../../spine/commands.ts';
import { JOURNAL_FAILED, JOURNAL_FULL, type Shared } from '../../spine/shared.ts';

/** What became of a record's command: see Outcome. */
type Submit = (fields: CommandFields) => Promise<{ reason: number }>;

const LOOK_MS = 1;

/**
 * What the gateways keep in the journal beside orders and money: JSON by name. It is changed by commands; what is put is here, and
 * acknowledged, once it is durable. So it is wherever the journal is.
 */
export class Registry {
  readonly #records = new Map<string, string>();
  /** how a change is journaled */
  submit: Submit;
  /** told of each change, in the journal's order; undefined: removed */
  readonly onChange: ((name: string, value: unknown) => void)[] = [];

  /** @param records what recovery found */
  constructor(records: Iterable<readonly [string, Uint8Array]>, submit: Submit) {
    this.submit = submit;
    for (const [name, value] of records) this.#records.set(name, Buffer.from(value).toString('utf8'));
  }

  get(name: string): unknown {
    const text = this.#records.get(name);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** Records whose names begin so, by the rest of their names. */
  *under(prefix: string): IterableIterator<[rest: string, value: unknown]> {
    for (const [name, text] of this.#records) if (name.startsWith(prefix)) yield [name.slice(prefix.length), JSON.parse(text)];
  }

  /** Resolves once it is durable. Rejects with GatewayError when it may not be, with Error when it is too much. */
  async put(name: string, value: object): Promise<void> {
    await this.#change({ name, value: Buffer.from(JSON.stringify(value)) });
  }

  async remove(name: string): Promise<void> {
    await this.#change({ name, value: undefined });
  }

  async #change(record: VenueRecord): Promise<void> {
    const { reason } = await this.submit(putRecord(record));
    if (reason !== 0)
      throw new Error(`the journal cannot keep '${record.name}': it is too long, or there are as many records as the limit allows`);
  }

  /** A change is durable: what the engine tells. */
  apply(name: string, value: Uint8Array | undefined): void {
    const text = value && Buffer.from(value).toString('utf8');
    if (text === undefined) this.#records.delete(name);
    else this.#records.set(name, text);
    for (const listener of this.onChange) listener(name, text === undefined ? undefined : JSON.parse(text));
  }
}

function putRecord(record: VenueRecord): CommandFields {
  const { name, value } = record;
  return { head: commandHead(COMMAND.PUT_RECORD), account: -1, price: name.length, quantity: value?.length ?? -1, record };
}

/**
 * Journals a command before anything reads events, and waits until it is durable: a start's first words, which what is started rests on.
 * Rejects when the journal cannot take it.
 */
export async function journalFirst(shared: Shared, fields: CommandFields): Promise<void> {
  const { commands } = shared;
  const count = recordCount(fields);
  const first = commands.claim(count);
  if (first < 0) throw new Error(`the command ring has no room for ${count} records (commandSlots)`);
  writeRecords(commands.i32, commands.f64, (n) => commands.wordOf(first + n), fields, Date.now() * 1000);
  commands.publish(first, count);
  shared.engineBell.ring();
  shared.journalBell.ring();
  while (shared.durable.read() < first + count) {
    if (shared.journalState === JOURNAL_FULL) throw new Error('the journal has no disk space: free some, and start again');
    if (shared.journalState === JOURNAL_FAILED) throw new Error('the journal cannot be written: see the log');
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
