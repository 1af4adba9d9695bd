/** Logs what administrators change by gRPC. */
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import type { Services } from '../../core/services.ts';
import type * as pb from './generated/outcry/v1/venue_pb.js';
import { ADMINISTRATOR, PEER } from './peer.ts';

/** What a line says of a change. No secrets. */
type Change = Partial<Pick<pb.CreateAccountRequest, 'name'> & Pick<pb.FundRequest, 'account' | 'asset' | 'amount' | 'reference'>>;

/** Writes a line to the log for each change that an administrator made or tried to make, as the routes of HTTP do. */
export function auditor({ log }: Pick<Services, 'log'>): Interceptor {
  return (next) => async (request) => {
    const by = request.contextValues.get(ADMINISTRATOR);
    if (by === undefined || request.stream) return await next(request);
    const { name, account = name, asset, amount, reference } = request.message as Change;
    const subject = { account, asset, amount, reference: reference || undefined };
    const from = request.contextValues.get(PEER).address;
    const write = (status: string) => log.info({ audit: new URL(request.url).pathname, by, ...subject, from, status }, 'administration');
    try {
      const answer = await next(request);
      write('ok');
      return answer;
    } catch (error) {
      write(Code[ConnectError.from(error).code]);
      throw error;
    }
  };
}
