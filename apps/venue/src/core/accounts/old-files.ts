import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Logger } from 'pino';
import { readAddresses } from '../../domain/account-terms.ts';
import { type KeptKey, type KeptLogin, LEAST_PASSWORD, type Permission } from '../../domain/credentials.ts';
import { publicKeyText, readPublicKey } from '../../domain/public-key.ts';
import { readFileIfThere } from '../../spine/data-directory.ts';
import { keepDefinitions } from '../definitions.ts';
import type { SealedKey } from './account-view.ts';
import type { OperatorKey } from './operator-key.ts';
import type { Registry } from './registry.ts';

interface OldAccount {
  number: number;
  name: string;
  keys: { key: string; secret?: string; publicKey?: string; permission?: Permission; addresses?: string[] }[];
  logins?: { user: string; password: string; number: number; account: number; cancelOnDisconnect: boolean }[];
}

/**
 * Takes over what venues before the registry kept in files of the data directory, with secrets in the clear, and removes the files. An
 * end in between does no harm: the next start does it again. Throws, with what to do, when a file cannot be read.
 */
export async function importOldFiles(
  data: string,
  hasJournal: boolean,
  registry: Registry,
  operatorKey: OperatorKey,
  log: Logger,
): Promise<void> {
  const take = async (name: string, otherwise: string, keep: (text: string) => Promise<void>) => {
    const file = path.join(data, name);
    if (!fs.existsSync(file)) return;
    try {
      const text = readFileIfThere(file);
      if (hasJournal && text !== undefined) await keep(text);
    } catch (error) {
      throw new Error(
        `${file} of an earlier version cannot be read (${(error as Error).message}): put it back from a copy, or remove it; ${otherwise}`,
      );
    }
    fs.rmSync(file);
    log.info(`${name} is in the journal now`);
  };
  await take('accounts.json', 'then accounts have their balances and orders, but no names, keys and logins', async (text) => {
    for (const account of JSON.parse(text) as OldAccount[]) await takeAccount(account, registry, operatorKey, log);
  });
  await take('store.owner', 'then the store is taken for another venue’s, and must be removed too', async (text) => {
    const owner = Number(text);
    if (!Number.isSafeInteger(owner) || owner < 1) throw new Error('it holds no number');
    await registry.put('store.owner', { owner });
  });
  await take('definitions.json', 'then the configuration must be the one that the journal was written with', async (text) => {
    await keepDefinitions(registry, JSON.parse(text));
  });
  await take('demo-funded', 'then the demo’s accounts get their money again', () => registry.put('demo-funded', {}));
}

async function takeAccount(
  { number, name, keys, logins }: OldAccount,
  registry: Registry,
  operatorKey: OperatorKey,
  log: Logger,
): Promise<void> {
  const createdAt = Date.now();
  await registry.put(`account/${number}`, { name });
  for (const { key, secret, publicKey, permission = 'TRADE', addresses } of keys) {
    const id = crypto.createHash('sha256').update(key).digest('hex').slice(0, 8);
    try {
      const sealed = operatorKey.seal(JSON.stringify({ key, secret } satisfies SealedKey), id);
      const plain = publicKey === undefined ? undefined : publicKeyText(readPublicKey(publicKey));
      const kept: KeptKey = {
        account: number,
        sealed,
        publicKey: plain,
        permission,
        addresses: addresses && readAddresses(addresses),
        createdAt,
      };
      await registry.put(`key/${id}`, kept);
    } catch (error) {
      log.warn({ account: name, key: id }, `an API key was not taken over: ${(error as Error).message}`);
    }
  }
  for (const { user, password, ...rest } of logins ?? []) {
    if (password.length < LEAST_PASSWORD) log.warn({ account: name, user }, 'the password is too short to be let in any more: rotate it');
    await registry.put(`login/${user}`, { ...rest, passwords: [operatorKey.keep(password)], createdAt } satisfies KeptLogin);
  }
}
