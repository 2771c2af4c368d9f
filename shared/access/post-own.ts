import http from 'node:http'
import https from 'node:https'
import type { PublishOwn } from '../own-activity.ts'

export type PostOwnOptions = {
  /** The origin of ingest. */
  url: string
  /** A key with the scope audit. */
  key: string
  timeoutMs?: number
}

/** POSTs activities of the log itself to ingest, which is the only one that writes. */
export function postOwn({ url, key, timeoutMs = 6_000 }: PostOwnOptions): PublishOwn {
  const { request } = url.startsWith('https:') ? https : http
  return ({ tenant, activity }) =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify(activity)
      const target = new URL(`/own-activities?tenant=${encodeURIComponent(tenant)}`, url)
      const headers = {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      }
      const sending = request(target, { method: 'POST', headers, signal: AbortSignal.timeout(timeoutMs) })
      sending.on('error', reject)
      // an answer that changes the protocol is neither a response nor an error
      sending.on('close', () => reject(new Error('the connection to ingest was closed before it had answered')))
      sending.on('response', (response) => {
        response.resume()
        const { statusCode = 0 } = response
        if (statusCode >= 200 && statusCode < 300) resolve()
        else reject(new Error(`ingest answered ${statusCode} to a record of the use of the log`))
      })
      sending.end(body)
    })
}
