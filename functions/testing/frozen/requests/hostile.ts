import type { FrozenRequest } from '../frozen-request.ts'
import { activity, ask, json } from './build.ts'

const at = (name: string, path: string) => ask('origin', `hostile: ${name}`, path)
const page = (name: string, path: string): FrozenRequest => ({ ...at(name, path), whole: 'data-counts="here"' })

/** Requests that an attacker may send. */
export const hostile: readonly FrozenRequest[] = [
  at('dots', '/logs/..%2f..%2fetc%2fpasswd'),
  at('dots twice encoded', '/logs/%252e%252e%252f'),
  at('a NUL', '/logs/%00'),
  at('a NUL in the path', '/lo%00gs'),
  at('an encoded slash', '/logs%2fbare'),
  at('an encoded letter', '/%6cogs?limit=1'),
  at('a broken percent-encoding', '/logs/%'),
  at('half a character', '/logs/%e2%98'),
  at('half of a pair', '/logs/%ED%A0%80'),
  at('an overlong slash', '/logs/%c0%af'),
  at('line breaks', '/logs/a%0d%0aset-cookie:%20x'),
  at('a semicolon', '/logs;a=b'),
  at('a backslash', '/logs%5Cbare'),
  at('a script', '/logs/%3Cscript%3Ealert(1)%3C/script%3E'),
  at('a script in a parameter', '/logs?%3Cscript%3E=1'),
  at('a long id', `/logs/${'x'.repeat(5000)}`),
  at('a long parameter', `/logs?userId=${'x'.repeat(5000)}`),
  at('many parameters', `/logs?${Array.from({ length: 500 }, (_, n) => `p${n}=1`).join('&')}`),
  at('the same parameter often', `/logs?${'userId=a&'.repeat(100)}`),
  page('a page for a script', '/?userId=%3Cscript%3Ealert(1)%3C/script%3E'),
  page('a page for attributes', '/?userId=%22%3E%3Cimg+src%3Dx+onerror%3Dalert(1)%3E&columns=%22x'),
  ask('origin', 'hostile: many errors', '/logs', {
    method: 'POST',
    headers: json,
    body: `{${Array.from({ length: 5000 }, (_, n) => `"m${n}":1`).join()}}`,
  }),
  ask('origin', 'hostile: many values that would change', '/logs', {
    method: 'POST',
    headers: json,
    body: `[{"userId":"u","action":"a","metadata":{"x":[${'-0,'.repeat(20_000)}-0]}}]`,
  }),
  ask('origin', 'hostile: values at every level', '/logs', {
    method: 'POST',
    headers: json,
    body: `${'{"a":[-0,'.repeat(5000)}1${']}'.repeat(5000)}`,
  }),
  ask('origin', 'hostile: a method of its own', '/logs', { method: 'X-POST', headers: json, body: activity() }),
  ask('origin', 'hostile: overriding a method', '/logs?limit=1', { headers: { 'x-http-method-override': 'DELETE' } }),
  ask('origin', 'hostile: forwarded', '/logs?limit=1', {
    headers: { 'x-forwarded-host': 'evil', 'x-forwarded-proto': 'https', forwarded: 'host=evil' },
  }),
  ask('origin', 'hostile: another origin', '/logs?limit=1', {
    headers: { origin: 'http://evil', referer: 'http://evil/' },
  }),
  ask('origin', 'hostile: conditions', '/logs?limit=1', {
    headers: { 'if-match': '"x"', 'if-modified-since': 'yesterday', range: 'bytes=0-1' },
  }),
  ask('origin', 'hostile: wanting something else', '/logs?limit=1', {
    headers: { accept: 'application/xml', 'accept-encoding': 'br;q=1, *;q=0' },
  }),
]
