/** Parameters of Binance's requests, as schemas. */
import { type TSchema, Type } from 'typebox';

/** Parameters, all of them strings on the wire; the patterns are what -1100 reports as the legal range. */
const text = (pattern: string, description: string, example?: string) =>
  Type.String({ pattern, description, ...(example && { examples: [example] }) });

export const symbol = text('^[A-Z0-9-_.]{1,20}$', 'Symbol of an instrument', 'BTCUSDT');
export const decimal = (description: string) => text('^([0-9]{1,20})(\\.[0-9]{1,20})?$', description);
export const signedDecimal = (description: string) => text('^-?([0-9]{1,20})(\\.[0-9]{1,20})?$', description);
export const whole = (description: string) => text('^[0-9]{1,20}$', description);
export const clientId = text('^[\\.A-Z\\:/a-z0-9_-]{1,36}$', 'Order id of the client, unique among its open orders');
export const oneOf = (names: readonly string[], description: string) => text('^[A-Z0-9_a-z]{1,32}$', `${description}: ${names.join(', ')}`);
export const symbolList = text('^\\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}\\]$', 'JSON array of symbols');
export const permissions = text(
  '^([A-Z0-9_]{1,32}|\\["[A-Z0-9_]{1,32}"(,"[A-Z0-9_]{1,32}"){0,}\\])$',
  'A permission, or a JSON array of some',
  'SPOT',
);
export const flag = text('^(true|false|TRUE|FALSE)$', 'true or false');
export const anyText = (description: string) => Type.String({ description });
export const word = (description: string) => text('^[A-Za-z0-9_]{1,64}$', description);

export const zone = text(
  '^[+-]?[0-9]{1,2}(:[0-9]{2})?$',
  'Time zone of days, weeks and other lengths: hours ahead of UTC, or hours and minutes',
  '8',
);

export const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);
export const parameters = Type.Object;

export const range = {
  startTime: optional(whole('Milliseconds or microseconds since 1970, inclusive')),
  endTime: optional(whole('Milliseconds or microseconds since 1970, inclusive')),
};
export const limit = optional(whole('Most entries'));
