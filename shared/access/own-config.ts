import * as v from 'valibot'
import type { ConfigRule } from '../config.ts'
import { readKey } from './key.ts'

/** The variables of functions that send what they record about the use of the log to ingest. */
export const ownEntries = {
  INGEST_URL: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => {
        const url = URL.parse(text)
        return url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`
      }, 'must be http://host:port or https://host:port, without a path'),
    ),
  ),
  INGEST_KEY: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => readKey(text) !== undefined, 'must be a key with the scope audit: als_…'),
    ),
  ),
}

export const ownRule: ConfigRule = ({ INGEST_URL, INGEST_KEY }) =>
  INGEST_KEY && !INGEST_URL ? ['INGEST_URL is required with INGEST_KEY: it says where the key is sent'] : []
