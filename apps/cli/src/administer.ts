/** Requests to a running venue as its administrator, for all commands that make them. */
import fs from 'node:fs';
import path from 'node:path';
import { adminTokenFile } from '@outcry/venue/core/accounts/admin-token';
import { LEAST_ADMIN_SECRET } from '@outcry/venue/domain/credentials';
import { holderOf } from '@outcry/venue/spine/lock';
import { getJson } from './request.ts';

/** How a running venue is reached, and its answer shown. */
export interface AdminOptions {
  data: string;
  url: string;
  json?: boolean;
}

/** Asks a running venue as its administrator, by the token in its data directory. Throws, in words, when that cannot be. */
export async function administer<T>(
  options: AdminOptions,
  method: string,
  resource: string,
  body: object | undefined,
  print: (answer: T) => void,
): Promise<void> {
  const headers: Record<string, string> = { 'x-outcry-admin': readToken(options.data) };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const answer = await getJson<T>(`${options.url}/outcry/v1/${resource}`, { method, headers, body: body && JSON.stringify(body) });
  if (options.json) console.log(JSON.stringify(answer));
  else print(answer);
}

function readToken(data: string): string {
  const file = adminTokenFile(data);
  if (!fs.existsSync(file)) throw new Error(`there is no ${file}: is --data the directory of a venue that has run?`);
  if (holderOf(data) === undefined) throw new Error(`no venue runs on ${path.resolve(data)}: start it with 'outcry serve --data ${data}'`);
  const token = fs.readFileSync(file, 'utf8').trim();
  if (token.length < LEAST_ADMIN_SECRET) throw new Error(`${file} is empty: restart the venue to create a new token`);
  return token;
}
