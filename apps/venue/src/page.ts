import fs from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { pagePolicy } from './doors/http/security-headers.ts';

const TERMINAL = fileURLToPath(new URL('.', import.meta.resolve('@outcry/terminal/package.json')));
const CHART = fileURLToPath(new URL('./dist/', import.meta.resolve('lightweight-charts/package.json')));
const CHART_SCRIPT = 'lightweight-charts.standalone.production.mjs';

/** Serves the terminal: its files as they are, and its TypeScript with the types taken out. To be registered: it has a policy of its own. */
export async function addPage(server: FastifyInstance): Promise<void> {
  const policy = pagePolicy(chartStyles());
  server.addHook('onRequest', (_request, reply, done) => {
    reply.header('content-security-policy', policy);
    done();
  });
  await server.register(fastifyStatic, { root: path.join(TERMINAL, 'public') });
  await server.register(fastifyStatic, { root: CHART, prefix: '/chart/', decorateReply: false });
  for (const [name, script] of pageScripts()) {
    server.get(`/app/${name}`, { schema: { hide: true } }, (_request, reply) => reply.type('text/javascript; charset=utf-8').send(script));
  }
}

/** The style sheets that the chart puts into the page. */
function chartStyles(): string[] {
  const script = fs.readFileSync(path.join(CHART, CHART_SCRIPT), 'utf8');
  return [...script.matchAll(/\.innerText="([^"\\]*)"/g)].map(([, style]) => style);
}

function pageScripts(): Map<string, string> {
  const source = path.join(TERMINAL, 'src');
  const names = fs.readdirSync(source).filter((name) => name.endsWith('.ts'));
  return new Map(
    names.map((name) => {
      const script = stripTypeScriptTypes(fs.readFileSync(path.join(source, name), 'utf8'));
      const imports = script
        .replace(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'")
        .replace("from 'lightweight-charts'", `from '/chart/${CHART_SCRIPT}'`);
      return [name.replace(/\.ts$/, '.js'), imports];
    }),
  );
}
