import type { IncomingMessage } from 'node:http'
import { countHeader } from './front.ts'
import { Problem } from './problem.ts'

/**
 * A browser sends about 20, and proxies add as many. Each takes 100 bytes beside its text, and a connection keeps them
 * before its request is complete, when nothing else limits it.
 */
export const maxHeaders = 256

/**
 * What is wrong with the headers of a request, apart from what Node's parser rejects. A maximum of 0 means that there is
 * none.
 */
export function faultInHead(request: IncomingMessage, max: number): Problem | undefined {
  const { rawHeaders, headers, httpVersion } = request
  // Node drops those beyond its limit, so a request that reaches it may lack some
  if (max > 0 && rawHeaders.length >= 2 * max) return tooManyHeaders
  // Node accepts a second Host, and proxies disagree about which one counts (RFC 9112, section 3.2: 400)
  const hosts = countHeader(rawHeaders, 'host')
  if (hosts > 1) return twoHosts
  if (hosts === 0 && httpVersion === '1.1') return noHost
  // Node drops the second one, but a proxy may have judged the request by it
  const isSigned = headers.authorization !== undefined
  return isSigned && countHeader(rawHeaders, 'authorization') > 1 ? twoCredentials : undefined
}

const closing = { headers: { connection: 'close' } }
const tooManyHeaders = new Problem(
  'headers-too-large',
  `The request has too many headers; send fewer than ${maxHeaders}.`,
  closing,
)
const twoHosts = new Problem('invalid-input', 'The request has more than one Host header; send exactly one.', closing)
const noHost = new Problem('invalid-input', 'The request has no Host header; send one.', closing)
const twoCredentials = new Problem(
  'invalid-input',
  'The request has more than one Authorization header; send exactly one.',
  closing,
)

/** Node undoes only the chunks, so what came as gzip would be taken for the body itself (RFC 9112, section 6.1: 501). */
export const faultInCoding = ({ headers }: IncomingMessage): Problem | undefined =>
  /,\s*chunked\s*$/i.test(headers['transfer-encoding'] ?? '') ? unknownCoding : undefined

const unknownCoding = new Problem(
  'not-implemented',
  'The only supported transfer coding is chunked; compress the body with content-encoding: gzip instead.',
  { headers: { connection: 'close' } },
)
