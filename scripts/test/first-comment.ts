/** Whether the first comment of a file is about the file. */
import path from 'node:path';

const COMMENT = /^[ \t]*(\/\*(?:[^*]|\*(?!\/))*\*\/|\/\/.*(?:\n[ \t]*\/\/.*)*)\n?/m;
const IMPORTS = /^(?:#!.*\n|\s*(?:import|export)\b[^;]*?from '[^']*';|\s*import '[^']*';)*\s*$/;
const DECLARATION = /^export (?:default )?(?:abstract )?(?:async )?(?:class|function\*?|const|let|interface|type) (\w+)/;
const EXPORTED = new RegExp(DECLARATION.source, 'gm');
const TEST = /^(?:describe|it|test|for|suite)\b/;

/**
 * A file's first comment stands above or below its imports, apart from what follows; or right on its main export: the only one, or the
 * one that it is named after. In a test, whose titles say what it is about, it may also be inside a test, or right on one.
 */
export function isAboutItsFile(file: string, text: string): boolean {
  const match = COMMENT.exec(text);
  const isTest = file.endsWith('.test.ts');
  const names = new Set([...text.matchAll(EXPORTED)].map(([, name]) => name));
  const isNamed = (name: string) => names.size === 1 || sameName(name, path.basename(file).split('.')[0]);
  if (match === null) return isTest || (names.size === 1 && isNamed([...names][0]));
  if (match.index === 0 && text.startsWith('//')) return true;
  const next = text.slice(match.index + match[0].length);
  if (IMPORTS.test(text.slice(0, match.index)) && /^\s*(?:\n|import\b|export [{*]|export type \{|$)/.test(next)) return true;
  if (isTest && (/^[ \t]/.test(match[0]) || TEST.test(next))) return true;
  const declared = DECLARATION.exec(next)?.[1];
  return declared !== undefined && isNamed(declared);
}

/** `order-book` and OrderBook or ORDER_BOOKS. */
function sameName(name: string, file: string): boolean {
  const [a, b] = [name, file].map((each) => each.replaceAll(/[_-]/g, '').toLowerCase().replace(/s$/, ''));
  return a === b;
}
