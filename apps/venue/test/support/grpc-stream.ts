import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { until } from './until.ts';

const PROTO = fileURLToPath(new URL('../../proto/outcry/v1/venue.proto', import.meta.url));
const { outcry } = grpc.loadPackageDefinition(loadSync(PROTO, { keepCase: true, longs: String, enums: String, defaults: true })) as any;

/** What a stream of order entry tells of orders that other doors enter, as a client reads it that has nothing but the contract. */
export class GrpcStream {
  readonly #updates: Record<string, unknown>[] = [];
  readonly #client: grpc.Client;

  private constructor(port: number, user: string, password: string) {
    this.#client = new outcry.v1.Trading(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const metadata = new grpc.Metadata();
    metadata.set('authorization', `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`);
    const stream = (this.#client as any).entry(metadata);
    stream.on('error', () => undefined);
    stream.on('data', ({ update }: { update?: { order: Record<string, unknown> } }) => update && this.#updates.push(update.order));
  }

  static open(port: number, user: string, password: string): GrpcStream {
    return new GrpcStream(port, user, password);
  }

  /** The updates of an order so far. @param least as many as it waits for */
  async updatesOf(id: string, least = 1): Promise<Record<string, unknown>[]> {
    const found = () => this.#updates.filter((order) => order.client_order_id === id);
    await until(
      () => found().length >= least,
      () => `update ${least} of ${id}`,
    );
    return found();
  }

  close(): void {
    this.#client.close();
  }
}
