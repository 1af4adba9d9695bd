import fs from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const TERMINAL = fileURLToPath(new URL('.', import.meta.resolve('@outcry/terminal/package.json')));
const CHART = fileURLToPath(new URL('./dist/', import.meta.resolve('lightweight-charts/package.json')));

/** Serves the terminal: its files as they are, and its TypeScript with the types taken out. */
export async function addPage(server: FastifyInstance): Promise<void> {
  await server.register(fastifyStatic, { root: path.join(TERMINAL, 'public') });
  await server.register(fastifyStatic, { root: CHART, prefix: '/chart/', decorateReply: false });
  for (const [name, script] of pageScripts()) {
    server.get(`/app/${name}`, { schema: { hide: true } }, (_request, reply) => reply.type('text/javascript; charset=utf-8').send(script));
  }
}

function pageScripts(): Map<string, string> {
  const source = path.join(TERMINAL, 'src');
  const names = fs.readdirSync(source).filter((name) => name.endsWith('.ts'));
  return new Map(
    names.map((name) => {
      const script = stripTypeScriptTypes(fs.readFileSync(path.join(source, name), 'utf8'));
      return [name.replace(/\.ts$/, '.js'), script.replace(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'")];
    }),
  );
}
