/** Headers that tell browsers what a page may do. */
import crypto from 'node:crypto';

/** What is in no frame and no other page, whatever it is. */
const NOWHERE = "frame-ancestors 'none'; base-uri 'none'; object-src 'none'";

/** Of answers that are no pages: a browser that is led to take one for a page runs and loads nothing. */
const ANSWER_POLICY = `default-src 'none'; form-action 'none'; ${NOWHERE}`;

/** On every answer; a page has its own Content-Security-Policy. */
export const SECURITY_HEADERS = {
  'content-security-policy': ANSWER_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** Of the terminal: its own files, its own connections. @param styles that a library puts into the page */
export function pagePolicy(styles: readonly string[]): string {
  const hashes = styles.map((style) => ` 'sha256-${crypto.createHash('sha256').update(style).digest('base64')}'`).join('');
  return `default-src 'none'; script-src 'self'; style-src 'self'${hashes}; img-src 'self' data:; connect-src 'self'; form-action 'self'; ${NOWHERE}`;
}

/** Of /docs: Swagger UI writes styles into its page. */
export const DOCS_POLICY = `default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'none'; ${NOWHERE}`;
