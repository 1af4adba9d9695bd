import assert from 'node:assert/strict';
import fs from 'node:fs';
import type { TestContext } from 'node:test';
import { BUY, SELL } from '@outcry/market/order-terms';
import { type Demo, type DemoOptions, startDemo } from '../../src/demo/demo.ts';
import { demoRoutes } from '../../src/demo/routes.ts';
import { DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS, type VenueConfig } from '../../src/domain/config.ts';
import { startVenue, type Venue } from '../../src/venue.ts';
import { log } from './doors.ts';
import { temporaryDirectory } from './process.ts';

/** The demo in this process, on a fresh directory, with what happens on it written down. */
export class DemoVenue {
  readonly venue: Venue;
  readonly demo: Demo;
  /** trades and what orders enter, in their order; times and ids left out */
  readonly tape: string[];

  private constructor(venue: Venue, demo: Demo, tape: string[]) {
    this.venue = venue;
    this.demo = demo;
    this.tape = tape;
  }

  static readonly market = { assets: DEMO_ASSETS, instruments: DEMO_INSTRUMENTS };

  static config(data: string): VenueConfig {
    const market = { ...DemoVenue.market, rateLimits: DEMO_RATE_LIMITS };
    const limits = { orders: 20_000, accounts: 100, assets: 8, instruments: 8 };
    return { ...DEFAULTS, ...market, port: 0, data, durability: 'os', limits, segmentBytes: 1 << 20 };
  }

  static async start(t: TestContext, options: DemoOptions): Promise<DemoVenue> {
    const data = temporaryDirectory('demo');
    let demo: Demo | undefined;
    const venue = await startVenue(DemoVenue.config(data), { log, extend: demoRoutes(() => demo) });
    const tape: string[] = [];
    const { gateway } = venue.services;
    gateway.marketListeners.push({
      onTrade: ({ instrument, price, quantity, takerSide }) => tape.push(`trade ${instrument} ${takerSide} ${quantity} at ${price}`),
    });
    gateway.orderListeners.push({
      follows: () => true,
      onAccepted: ({ account, instrument, side, price, quantity }) =>
        tape.push(`order of ${account}: ${instrument} ${side} ${quantity} at ${price}`),
      onEnded: ({ account, instrument, side, price, left }) => tape.push(`end of ${account}: ${instrument} ${side} ${left} at ${price}`),
    });
    demo = await startDemo(venue, { paused: true, ...options }, log);
    if (demo === undefined) throw new Error('a demo without its flow');
    t.after(async () => {
      await demo!.stop();
      await venue.close();
      fs.rmSync(data, { recursive: true, force: true });
    });
    return new DemoVenue(venue, demo, tape);
  }

  /** Orders that rest on an instrument, by side: prices in parts of its reference price, best first. */
  book(instrument = 0): { bids: number[]; asks: number[] } {
    const { depth, instrument: of } = this.venue.services.feeds[instrument];
    const [bids, asks] = [BUY, SELL].map((side) => depth.levels(side, 1000).map(([price]) => price / of.referencePrice));
    return { bids, asks };
  }

  /** The middle of the touch, in parts of the reference price. */
  middle(instrument = 0): number {
    const { bids, asks } = this.book(instrument);
    assert.ok(bids.length > 0 && asks.length > 0, 'there are both sides');
    assert.ok(bids[0] < asks[0]);
    return (bids[0] + asks[0]) / 2;
  }

  step(milliseconds: number): Promise<void> {
    return this.demo.clock.step(milliseconds);
  }
}
