import type { FrozenRequest, Target } from '../frozen-request.ts'
import { activity } from './build.ts'

type Extra = { half?: true; to?: Target }

const sent = (name: string, text: string | Uint8Array, { to = 'origin', half }: Extra = {}): FrozenRequest => ({
  name: `socket: ${name}`,
  to,
  path: '',
  raw: text,
  ...(half && { half }),
})
const head = (...lines: readonly string[]) => `${lines.join('\r\n')}\r\n\r\n`
const host = 'host: localhost:3000'
const close = 'connection: close'
const json = 'content-type: application/json'
const get = (path: string, ...headers: readonly string[]) => head(`GET ${path} HTTP/1.1`, host, close, ...headers)

const body = (id: string) => JSON.stringify(activity({ id }))
const posted = (id: string, ...headers: readonly string[]) =>
  head('POST /logs HTTP/1.1', host, close, json, `content-length: ${body(id).length}`, ...headers) + body(id)
const chunked = (content: string, ...headers: readonly string[]) =>
  head('POST /logs HTTP/1.1', host, close, json, 'transfer-encoding: chunked', ...headers) + content
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const latin1 = (text: string) => Buffer.from(text, 'latin1')

/** Bytes that well-behaved clients do not send. */
export const raw: readonly FrozenRequest[] = [
  sent('plain', get('/healthz')),
  sent('no request at all', 'hello\r\n\r\n'),
  sent('a request line without a version', head('GET /logs', host)),
  sent('a version that is none', head('GET /logs HTTP/9.9', host)),
  sent('HTTP/1.0', head('GET /healthz HTTP/1.0', host)),
  sent('HTTP/1.0 without a host', head('GET /healthz HTTP/1.0')),
  sent('HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  sent('TLS', new Uint8Array([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0, 13, 10, 13, 10])),
  sent('a method in lower case', head('get /healthz HTTP/1.1', host, close)),
  sent('a method that is none', head('GE(T /healthz HTTP/1.1', host, close)),
  sent('a method that nobody knows', head('SEARCH /logs HTTP/1.1', host, close)),
  sent('CONNECT', head('CONNECT example.com:443 HTTP/1.1', host, close)),
  sent('TRACE', head('TRACE /logs HTTP/1.1', host, close)),
  sent('OPTIONS for the server', head('OPTIONS * HTTP/1.1', host, close)),
  sent('a blank in the path', get('/logs/a b')),
  sent('bytes in the path', latin1(get('/logs/\xff\xfe'))),
  sent('UTF-8 in the path', Buffer.from(get('/logs/☃'))),
  sent('an absolute target', get('http://localhost:3000/healthz')),
  sent('an absolute target elsewhere', get('http://example.com/logs?limit=1')),
  sent('an absolute target with a user', get('http://a:b@localhost/healthz')),
  sent('a target without a slash', get('healthz')),
  sent('two slashes', get('//example.com/logs')),
  sent('dots', get('/logs/../healthz')),
  sent('many dots', get('/../../../../etc/passwd')),
  sent('a fragment', get('/logs?limit=1#x')),
  sent('backslashes', get('\\logs')),
  sent('no host', head('GET /healthz HTTP/1.1', close)),
  sent('an empty host', head('GET /logs?limit=1 HTTP/1.1', 'host:', close)),
  sent('two hosts', head('GET /healthz HTTP/1.1', host, 'Host: other', close)),
  sent('the same host twice', head('GET /healthz HTTP/1.1', host, host, close)),
  sent('a host that is none', head('GET /logs?limit=1 HTTP/1.1', 'host: a b', close)),
  sent('a host with a path', head('GET /logs?limit=1 HTTP/1.1', 'host: a/b', close)),
  sent('a host of bytes', latin1(head('GET /logs?limit=1 HTTP/1.1', 'host: \xff', close))),
  sent('a host with a port that is none', head('GET /healthz HTTP/1.1', 'host: localhost:99999', close)),
  sent('a host in capitals', head('GET /logs/bare HTTP/1.1', 'host: LOCALHOST', close)),
  sent('a header without a name', get('/healthz', ': x')),
  sent('a header without a colon', get('/healthz', 'nonsense')),
  sent('a blank before the colon', get('/healthz', 'x : y')),
  sent('a folded header', get('/healthz', 'x: y', ' z')),
  sent('NUL in a header', get('/healthz', 'x: a\0b')),
  sent('a carriage return in a header', get('/healthz', 'x: a\rb')),
  sent('line feeds alone', `GET /healthz HTTP/1.1\n${host}\n${close}\n\n`),
  sent('blank lines before', `\r\n\r\n${get('/healthz')}`),
  sent('Latin-1 in a header', latin1(get('/logs/bare', 'if-none-match: "\xe9"'))),
  sent('huge headers', get('/healthz', `x: ${'x'.repeat(17_000)}`)),
  sent('many headers', get('/healthz', ...Array.from({ length: 3000 }, (_, n) => `x${n}: y`))),
  sent('huge headers for persist', get('/healthz', `x: ${'x'.repeat(100_000)}`), { to: 'persist' }),
  sent('a long path', get(`/logs/${'x'.repeat(15_000)}`)),
  sent('a path that is too long', get(`/logs/${'x'.repeat(17_000)}`)),
  sent('one activity', posted('raw-1')),
  sent('a content type twice', posted('raw-2', 'content-type: text/plain')),
  sent('the same content type twice', posted('raw-3', json)),
  sent('an id of its request twice', posted('raw-4', 'x-request-id: a', 'x-request-id: b')),
  sent('a key twice', posted('raw-5', 'idempotency-key: raw-5', 'idempotency-key: raw-5')),
  sent('a length twice', posted('raw-6', 'content-length: 1')),
  sent('the same length twice', posted('raw-7', `content-length: ${body('raw-7').length}`)),
  sent('a length and chunks', posted('raw-8', 'transfer-encoding: chunked')),
  sent('a length that is none', head('POST /logs HTTP/1.1', host, close, json, 'content-length: x')),
  sent('a negative length', head('POST /logs HTTP/1.1', host, close, json, 'content-length: -1')),
  sent('a length with a sign', `${head('POST /logs HTTP/1.1', host, close, json, 'content-length: +5')}12345`),
  sent(
    'a length that is too long',
    head('POST /logs HTTP/1.1', host, close, json, 'content-length: 99999999999999999999'),
  ),
  sent('a length of a terabyte', `${head('POST /logs HTTP/1.1', host, close, json, 'content-length: 1099511627776')}x`),
  sent('no length', head('POST /logs HTTP/1.1', host, close, json)),
  sent('a body for GET', `${head('GET /logs?limit=1 HTTP/1.1', host, close, 'content-length: 2')}{}`),
  sent('chunks', chunked(chunk(body('raw-9')) + chunk(''))),
  sent('many chunks', chunked([...body('raw-10')].map(chunk).join('') + chunk(''))),
  sent('chunks with trailers', chunked(`${chunk(body('raw-11'))}0\r\nx: y\r\n\r\n`)),
  sent('chunks with extensions', chunked(`5;a=b\r\n{"use\r\n${chunk('rId":1}')}${chunk('')}`)),
  sent('a chunk that is none', chunked('zz\r\n{}\r\n0\r\n\r\n')),
  sent('a chunk that is too short', chunked('2\r\n{}}}\r\n0\r\n\r\n')),
  sent('a chunk without end', chunked('fffffffffffffffff\r\n{}')),
  sent('an encoding that is none', `${head('POST /logs HTTP/1.1', host, close, json, 'transfer-encoding: cow')}{}`),
  sent(
    'chunked twice',
    head('POST /logs HTTP/1.1', host, close, json, 'transfer-encoding: chunked, chunked') + chunk('{}') + chunk(''),
  ),
  sent(
    'a hidden chunked',
    `${head('POST /logs HTTP/1.1', host, close, json, 'transfer-encoding: xchunked', 'content-length: 2')}{}`,
  ),
  sent(
    'a blank before chunked',
    head('POST /logs HTTP/1.1', host, close, json, 'transfer-encoding : chunked') + chunk('{}') + chunk(''),
  ),
  sent('an expectation', posted('raw-12', 'expect: 100-continue')),
  sent('an expectation of something else', posted('raw-13', 'expect: 200-ok')),
  sent('an upgrade', head('GET /healthz HTTP/1.1', host, 'connection: close, upgrade', 'upgrade: websocket')),
  sent(
    'an upgrade to HTTP/2',
    head(
      'GET /healthz HTTP/1.1',
      host,
      'connection: close, upgrade, http2-settings',
      'upgrade: h2c',
      'http2-settings: AAMAAABk',
    ),
  ),
  sent('one after the other', head('GET /healthz HTTP/1.1', host) + get('/logs/bare')),
  sent(
    'one hidden in the body of another',
    head('POST /nowhere HTTP/1.1', host, json, 'content-length: 0') + get('/logs/order-981-paid'),
  ),
  sent('a broken one after a good one', `${head('GET /healthz HTTP/1.1', host)}nonsense\r\n\r\n`),
  sent('connection of nonsense', head('GET /healthz HTTP/1.1', host, 'connection: close, host')),
  sent('a body that was cut', `${head('POST /logs HTTP/1.1', host, json, 'content-length: 1000')}{"userId"`, {
    half: true,
  }),
  sent('headers that never end', `GET /healthz HTTP/1.1\r\n${host}\r\n`, { to: 'hasty' }),
  sent('a body that never ends', `${head('POST /logs HTTP/1.1', host, json, 'content-length: 1000')}{"userId"`, {
    to: 'hasty',
  }),
  sent('nothing at all', '', { half: true }),
]
