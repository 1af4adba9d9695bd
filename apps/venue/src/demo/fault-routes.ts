/** `/outcry/v1/demo/faults`: adds faults, lists them, and takes them away. */
import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import type { Services } from '../core/services.ts';
import { problemsOf, problemText } from '../domain/config-check.ts';
import type { Administration } from '../doors/admin/administrator.ts';
import { bodyOf, whole } from '../doors/admin/input.ts';
import type { BinanceServices } from '../doors/binance/operation.ts';
import { documentAnswers } from '../doors/http/answers.ts';
import { ApiError } from '../doors/http/errors.ts';
import * as answers from './demo-answers.ts';
import { FAULT_SCHEMA, type FaultDoor, type Faults, type FaultText, KINDS } from './faults.ts';

export function addFaultRoutes(server: FastifyInstance, services: BinanceServices, guard: Administration, faults: Faults): void {
  const url = '/outcry/v1/demo/faults';
  const documented = (summary: string, answer: TSchema) => ({
    ...guard,
    schema: { tags: ['Demo'], summary },
    config: { swaggerTransform: documentAnswers(answer) },
  });
  server.get(url, documented('The faults in force, and how often each struck', answers.faults), () => faults.all);
  server.post(url, documented('Add a fault', answers.fault), (request) => {
    const fault = checked(bodyOf(request, undefined), services);
    if (isAtOnce(fault)) {
      services.publishers.disconnectAll();
      return { ...fault, hits: 1 };
    }
    const added = faults.add(fault);
    if (added === undefined) throw new ApiError(-1100, 'There are as many faults as there may be.');
    return added;
  });
  server.delete(url, documented('Take a fault away by its id; all of them without one', answers.removed), (request) => {
    const { id } = bodyOf(request, ['id']);
    return { removed: faults.remove(id === undefined ? undefined : whole('id', id)) };
  });
}

/** Those who read market streams are disconnected at once, and once. */
function isAtOnce({ kind, door }: FaultText): boolean {
  return kind === 'disconnect' && door === 'market-stream';
}

/** Throws ApiError with all that is wrong. */
function checked(body: unknown, services: Services): FaultText {
  const problems = problemsOf(body, FAULT_SCHEMA).map(problemText);
  if (problems.length === 0) problems.push(...meaningProblems(body as FaultText, services));
  if (problems.length > 0) throw new ApiError(-1100, problems.join('; '));
  return body as FaultText;
}

function meaningProblems({ kind, door, account, requests, ms }: FaultText, services: Services): string[] {
  const { doors, ms: takesMs } = KINDS[kind];
  const problems: string[] = [];
  if (door !== undefined && !(doors as readonly FaultDoor[]).includes(door))
    problems.push(`door: "${door}" cannot have "${kind}"; these can: ${doors.join(', ')}`);
  if (takesMs && ms === undefined) problems.push(`ms is missing: "${kind}" takes milliseconds`);
  if (!takesMs && ms !== undefined) problems.push(`ms: ${ms} is not read: "${kind}" takes no milliseconds`);
  if (kind !== 'clock' && ms !== undefined && ms < 0) problems.push(`ms: ${ms} must be 0 or more`);
  if (requests !== undefined && (kind === 'clock' || kind === 'drop' || kind === 'duplicate'))
    problems.push(`requests: "${requests}" is not read: "${kind}" is not about requests`);
  if (kind === 'clock' && account !== undefined) problems.push(`account: "${account}" must be left out: a door has one clock`);
  if (door === 'market-stream' && account !== undefined)
    problems.push(`account: "${account}" must be left out: who reads market streams is not known`);
  if (account !== undefined && services.accounts.find(account) === undefined) problems.push(`account: unknown account "${account}"`);
  return problems;
}
