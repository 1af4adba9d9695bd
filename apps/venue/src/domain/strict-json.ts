/** JSON in which every key of an object stands once: of two values JavaScript takes the last, in silence. */

/** Strings, and what tells keys from values, and objects from lists. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/** Throws SyntaxError for what is no JSON, and for a key that comes twice in an object. */
export function parseStrictly(text: string): unknown {
  const value: unknown = JSON.parse(text);
  const twice = keyTwice(text);
  if (twice !== undefined) throw new SyntaxError(`'${twice.key.slice(0, 80)}' was sent more than once`);
  return value;
}

/** The first key that comes twice in an object of JSON, which is known to be well formed, and the line of its second place, from 1. */
export function keyTwice(text: string): { key: string; line: number } | undefined {
  const openObjects: Set<string>[] = [];
  let last = '';
  let at = 0;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') openObjects.push(new Set());
    else if (token === '}' || token === ']') openObjects.pop();
    else if (token !== ':') {
      last = token;
      at = index;
    } else {
      const key = JSON.parse(last) as string;
      const keys = openObjects.at(-1)!;
      if (keys.has(key)) return { key, line: text.slice(0, at).split('\n').length };
      keys.add(key);
    }
  }
  return undefined;
}
