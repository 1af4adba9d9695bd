import crypto from 'node:crypto';
import { COMMAND, commandHead } from '@outcry/market/command';
import type { Logger } from 'pino';
import type { VenueConfig } from '../../domain/config.ts';
import type { CommandFields } from '../../spine/commands.ts';
import type { Crew } from '../../spine/crew.ts';
import { Accounts } from './accounts.ts';
import { AdminToken } from './admin-token.ts';
import { importOldFiles } from './old-files.ts';
import { OperatorKey } from './operator-key.ts';
import { journalFirst, Registry } from './registry.ts';

/** What a venue rests on beside orders and money: in the journal before any door opens. */
export interface Foundation {
  readonly registry: Registry;
  readonly accounts: Accounts;
  readonly adminToken: AdminToken;
  /** a number that the store shares with its journal: a store elsewhere may be another venue's */
  readonly storeOwner: number;
}

/** Reads what the journal holds of it, and journals what is missing. Rejects when that cannot be, or the operator's key is not the journal's. */
export async function layFoundation(config: VenueConfig, crew: Crew, log: Logger): Promise<Foundation> {
  const { shared, records, recovery } = crew;
  // A crash can leave a text or an order's terms without their order: the next command must not take them for its own.
  await journalFirst(shared, { head: commandHead(COMMAND.CLOCK) });
  const registry: Registry = new Registry(records, async (fields: CommandFields) => {
    await journalFirst(shared, fields);
    const { name, value } = fields.record!;
    registry.apply(name, value);
    return { reason: 0 };
  });
  const known = registry.get('operator-key') as { fingerprint: string } | undefined;
  const file = config.operatorKeyFile ?? process.env.OUTCRY_OPERATOR_KEY_FILE;
  const operatorKey = OperatorKey.open(config.data, file, known?.fingerprint);
  if (known === undefined) await registry.put('operator-key', { fingerprint: operatorKey.fingerprint });
  await importOldFiles(config.data, recovery.sequence > 0, registry, operatorKey, log);
  const adminToken = await AdminToken.open(config.data, registry, operatorKey);
  return { registry, accounts: new Accounts(registry, operatorKey), adminToken, storeOwner: await ownerOf(registry) };
}

async function ownerOf(registry: Registry): Promise<number> {
  const known = registry.get('store.owner') as { owner: number } | undefined;
  if (known !== undefined) return known.owner;
  const owner = crypto.randomInt(1, 2 ** 48 - 1);
  await registry.put('store.owner', { owner });
  return owner;
}
