/** `/outcry/v1/demo/...`: a demo's clock and reset, for those on its machine and for administrators. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Services } from '../core/services.ts';
import { ConfigError } from '../domain/config.ts';
import { type Administration, administration } from '../doors/admin/administrator.ts';
import { type Body, bodyOf, whole } from '../doors/admin/input.ts';
import { readJsonBodies } from '../doors/admin/routes.ts';
import { documentAnswers } from '../doors/http/answers.ts';
import { ApiError, errors } from '../doors/http/errors.ts';
import type { Extension } from '../server.ts';
import type { Demo } from './demo.ts';
import { state } from './demo-answers.ts';
import { MOST_SPEED, MOST_STEP_MS } from './demo-clock.ts';
import { addFaultRoutes } from './fault-routes.ts';
import { Faults } from './faults.ts';
import { makeFaulty } from './faulty-doors.ts';
import { TURN_MS } from './flow.ts';
import { checkScenario, type Scenario, unknownScenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

export const MOST_SEED = 0x7fffffff;
const LEAST_SPEED = 0.01;
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/** @param demo undefined: it has not begun, or has no order flow */
export function demoRoutes(demo: () => Demo | undefined): Extension {
  return async (server, own) => {
    const { services } = own;
    const faults = new Faults();
    faults.onChange = () => services.publishers.setFaults(faults.ofStreams);
    await server.register(async (routes) => {
      readJsonBodies(routes);
      const guard = guardOf(services);
      addMarketRoutes(routes, services, guard, demo);
      addFaultRoutes(routes, services, guard, faults);
    });
    return makeFaulty(server, own, faults);
  };
}

function guardOf(services: Services): Administration {
  const guarded = administration(services);
  const isLocal = LOOPBACK.test(services.config.host) || services.config.host === 'localhost';
  /** A venue that listens on loopback only is the demo of those on its machine: its secrets are public anyway. */
  const onRequest = async (request: FastifyRequest) => {
    if (!(isLocal && LOOPBACK.test(request.ip))) await guarded.onRequest(request);
  };
  return { onRequest, onResponse: guarded.onResponse };
}

function addMarketRoutes(server: FastifyInstance, services: Services, guard: Administration, current: () => Demo | undefined): void {
  const route = (
    method: 'GET' | 'POST',
    url: string,
    fields: readonly string[],
    summary: string,
    run: (demo: Demo, body: Body) => unknown,
  ) =>
    server.route({
      method,
      url,
      ...guard,
      schema: { tags: ['Demo'], summary },
      config: { swaggerTransform: documentAnswers(state) },
      handler: async (request) => {
        const demo = current();
        if (demo === undefined) throw new ApiError(-1000, 'The demo has no order flow, or has not begun yet.', 409);
        return await run(demo, bodyOf(request, fields));
      },
    });
  route('GET', '/outcry/v1/demo/clock', [], 'Where the scenario is, and how fast its time passes', (demo) => stateOf(demo, services));
  route('POST', '/outcry/v1/demo/clock', ['speed', 'paused', 'stepMs'], "Set the scenario's clock, or let it step", async (demo, body) => {
    await setClock(demo, body);
    return stateOf(demo, services);
  });
  route('POST', '/outcry/v1/demo/reset', ['scenario', 'seed'], 'Begin a scenario anew, on first balances', async (demo, body) => {
    const scenario = body.scenario === undefined ? undefined : scenarioOf(body.scenario, services);
    const seed = body.seed === undefined ? undefined : within('seed', body.seed, 0, MOST_SEED);
    await demo.reset(scenario, seed);
    return stateOf(demo, services);
  });
}

function stateOf({ clock, script }: Demo, { now }: Services) {
  const { scenario, seed, round, timeMs } = script;
  return { scenario: scenario.name, seed, round, timeMs, speed: clock.speed, paused: clock.isPaused, venueTime: now() };
}

async function setClock({ clock }: Demo, { speed, paused, stepMs }: Body): Promise<void> {
  if (speed === undefined && paused === undefined && stepMs === undefined) throw errors.illegal('body', 'speed, paused or stepMs');
  if (speed !== undefined && !(typeof speed === 'number' && speed >= LEAST_SPEED && speed <= MOST_SPEED))
    throw errors.illegal('speed', `a number from ${LEAST_SPEED} to ${MOST_SPEED}`);
  if (paused !== undefined && typeof paused !== 'boolean') throw errors.illegal('paused', 'true or false');
  const step = stepMs === undefined ? 0 : within('stepMs', stepMs, TURN_MS, MOST_STEP_MS);
  if (step % TURN_MS !== 0) throw errors.illegal('stepMs', `a multiple of ${TURN_MS}`);
  if (step > 0 && paused === false) throw errors.illegal('paused', 'true or nothing, with stepMs: a step pauses the clock');
  if (speed !== undefined) clock.speed = speed as number;
  if (step > 0) await clock.step(step);
  else if (paused === true) await clock.pause();
  else if (paused === false) clock.resume();
}

function within(name: string, value: unknown, least: number, most: number): number {
  const number = whole(name, value);
  if (number < least || number > most) throw errors.illegal(name, `a whole number from ${least} to ${most}`);
  return number;
}

/** A scenario that ships, by its name, or one that is written in the body; never a file of the venue's machine. Throws ApiError. */
function scenarioOf(value: unknown, { market }: Services): Scenario {
  if (typeof value === 'string' && !Object.hasOwn(SCENARIOS, value)) throw new ApiError(-1100, unknownScenario(value));
  try {
    return typeof value === 'string' ? checkScenario(value, SCENARIOS[value], market) : checkScenario('written', value, market);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ApiError(-1100, error.message);
  }
}
