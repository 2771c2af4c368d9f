import type { Log } from '../log.ts'
import type { OwnActivity } from '../own-activity.ts'
import type { Access } from './access.ts'
import { type Acts, createActs, nothingRecorded, recordFirstSeen } from './acts.ts'
import { postOwn } from './post-own.ts'

export type OpenActsOptions = {
  config: { INGEST_URL?: string | undefined; INGEST_KEY?: string | undefined }
  /** Without it nobody has a key, and nothing is recorded. */
  access: Access | undefined
  log: Pick<Log, 'warn'>
  now: () => Date
  isKnown: (own: OwnActivity) => Promise<boolean>
}

/** Records the use of the log by way of ingest. */
export function openActs({ config, access, log, now, isKnown }: OpenActsOptions): Acts {
  if (!access) return nothingRecorded
  const { INGEST_URL: url, INGEST_KEY: key } = config
  const publish = url === undefined || key === undefined ? undefined : postOwn({ url, key })
  if (publish) recordFirstSeen(access, { publish, isKnown })
  else log.warn({}, 'without INGEST_URL and INGEST_KEY nobody can sign in, export, replay or discard')
  return createActs({ publish, now })
}
