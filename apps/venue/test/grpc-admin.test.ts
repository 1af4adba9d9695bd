import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { create } from '@bufbuild/protobuf';
import * as grpc from '@grpc/grpc-js';
import * as pb from '../src/doors/grpc/generated/outcry/v1/venue_pb.js';
import { basic, GrpcVenue } from './support/grpc-venue.ts';
import { until } from './support/until.ts';

const { createAccount, fund } = pb.Admin.method;
const { listOpenOrders } = pb.Trading.method;

let venue: GrpcVenue;
before(async () => {
  venue = await GrpcVenue.start('grpc-admin', { logLevel: 'info' });
});
after(() => venue.close());

it('each change of an administrator is a line in the log, one that was refused too, and no secret is in it', async () => {
  const metadata = new grpc.Metadata();
  metadata.set('x-outcry-admin', venue.adminToken);
  const made = (await venue.call(
    createAccount,
    create(pb.CreateAccountRequestSchema, { name: 'carol' }),
    metadata,
  )) as pb.CreateAccountResponse;
  await venue.call(fund, create(pb.FundRequestSchema, { account: 'carol', asset: 'USDT', amount: '5', reference: 'r1' }), metadata);
  await assert.rejects(venue.call(createAccount, create(pb.CreateAccountRequestSchema, { name: 'carol' }), metadata), {
    code: grpc.status.ALREADY_EXISTS,
  });
  const stranger = new grpc.Metadata();
  stranger.set('x-outcry-admin', 'x'.repeat(64));
  await assert.rejects(venue.call(fund, create(pb.FundRequestSchema, { account: 'carol', asset: 'USDT', amount: '7' }), stranger));
  const lines = () =>
    venue.process.output
      .split('\n')
      .filter((line) => line.includes('"audit":"/outcry.v1.Admin/'))
      .map((line) => JSON.parse(line));
  await until(
    () => lines().length >= 3,
    () => venue.process.output,
  );
  assert.deepEqual(
    lines().map(({ audit, by, account, asset, amount, reference, from, status }) => [
      ...[audit.split('/').at(-1), by, account, asset, amount],
      ...[reference, from, status],
    ]),
    [
      ['CreateAccount', 'admin token', 'carol', undefined, undefined, undefined, '127.0.0.1', 'ok'],
      ['Fund', 'admin token', 'carol', 'USDT', '5', 'r1', '127.0.0.1', 'ok'],
      ['CreateAccount', 'admin token', 'carol', undefined, undefined, undefined, '127.0.0.1', 'AlreadyExists'],
    ],
  );
  assert.ok(!venue.process.output.includes(made.secret) && !venue.process.output.includes(venue.adminToken));
});

it('the name of the Basic scheme is of any case, and another scheme is none', async () => {
  const as = (authorization: string) => {
    const metadata = new grpc.Metadata();
    metadata.set('authorization', authorization);
    return venue.call(listOpenOrders, create(pb.ListOpenOrdersRequestSchema), metadata);
  };
  const [, encoded] = basic('alice').split(' ');
  for (const scheme of ['Basic', 'basic', 'BASIC', 'bAsIc ']) await as(`${scheme} ${encoded}`);
  for (const wrong of [encoded, `Bearer ${encoded}`, `Basic${encoded}`, 'Basic', `x Basic ${encoded}`])
    await assert.rejects(as(wrong), { code: grpc.status.UNAUTHENTICATED }, wrong);
});
