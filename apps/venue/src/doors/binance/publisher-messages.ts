/** What the order lane and a publisher thread say to each other. */
import type { Span } from '@outcry/memory/span';
import type { RateLimits, WebSocketSettings } from '../../domain/config.ts';
import type { AssetDefinition, InstrumentDefinition } from '../../domain/market.ts';
import type { StreamFault } from '../../domain/stream-fault.ts';
import type { EngineRules } from '../../spine/shared.ts';
import type { StoreAddress } from '../../store/store.ts';
import type { BridgeMessage } from './bridge.ts';
import type { HandedOver } from './hand-over.ts';
import type { PublicQuestion } from './public-data.ts';
/** A thread that publishes market data: it reads its queue, keeps books and candles, and writes to those who read streams. */
export interface PublisherThreadData {
  ring: Span;
  bell: Span;
  assets: AssetDefinition[];
  instruments: InstrumentDefinition[];
  store: StoreAddress;
  /** of administrators, as the engine has them */
  rules: EngineRules;
  /** price levels of all books at once */
  levels: number;
  webSockets: WebSocketSettings;
  rateLimits: RateLimits;
  /** where connections are passed on to; undefined: they are handed over */
  pipe: string | undefined;
  /** one before it died: it waits for `begin` */
  isSuccessor: boolean;
}

export type ToPublisher =
  /** The queue begins after these trades, by instrument; 0: none since the start. */
  | { kind: 'begin'; lastTrades: number[] }
  | { kind: 'socket'; fd: number; handed: HandedOver }
  /** `turn`: of the order lane, whose events the answer must know of */
  | { kind: 'ask'; id: number; question: PublicQuestion; args: unknown[]; turn: number }
  | { kind: 'cancel'; id: number }
  /** of this thread's streams, for connections of the order lane */
  | { kind: 'market'; message: BridgeMessage }
  /** of the order lane's account events, for connections of this thread */
  | { kind: 'users'; message: BridgeMessage }
  /** of a demo: what goes wrong with its streams from now on */
  | { kind: 'faults'; faults: readonly StreamFault[] }
  /** of a demo: all who read streams are to be disconnected */
  | { kind: 'disconnect' }
  | { kind: 'stop' };

export type FromPublisher =
  | { kind: 'answer'; id: number; json: string | undefined }
  | { kind: 'left'; id: number }
  | { kind: 'warning'; text: string }
  | { kind: 'market'; message: BridgeMessage }
  | { kind: 'users'; message: BridgeMessage }
  | { kind: 'status'; status: { streams: number; subscriptions: number } };
