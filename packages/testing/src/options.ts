/** What a test venue can be told, by a program or as JSON on its command line. */
import type { ScenarioFile } from '@outcry/venue/demo/scenario-schema';
import type { AssetDefinition, InstrumentDefinition } from '@outcry/venue/domain/config';

/** What a test venue is started with. */
export interface TestVenueOptions {
  /** the name of a scenario that ships, a file, or a scenario itself; left out: `everyday` */
  readonly scenario?: string | ScenarioFile;
  /** 0 to 2^31 - 1; left out: 1 */
  readonly seed?: number;
  /** whether scenario time passes by itself; left out: it stands until it is stepped or resumed */
  readonly running?: boolean;
  /** TCP port of the HTTP door on loopback; left out: any free one */
  readonly port?: number;
  /** left out: USDT, BTC and ETH */
  readonly assets?: AssetDefinition[];
  /** left out: BTCUSDT at 60,000 and ETHUSDT at 3,000 */
  readonly instruments?: InstrumentDefinition[];
}

/** A key of the API, with its secret: HMAC-SHA256. */
export interface TestAccount {
  readonly key: string;
  readonly secret: string;
}

/** What the venue's process says in its first line: where it is, or why it did not start. */
export type FirstLine = { readonly url: string; readonly accounts: Readonly<Record<string, TestAccount>> } | { readonly error: string };
