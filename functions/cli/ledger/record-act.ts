import { readKey } from '@activity-log/shared/access/key.ts'
import { ownEntries } from '@activity-log/shared/access/own-config.ts'
import { postOwn } from '@activity-log/shared/access/post-own.ts'
import { accessEntries } from '@activity-log/shared/access-config.ts'
import type { ConfigRule } from '@activity-log/shared/config.ts'
import { ownActivity, windowOf } from '@activity-log/shared/own-activity.ts'
import { reasons } from '@activity-log/shared/reasons.ts'
import { systemTenant } from '@activity-log/shared/tenant.ts'
import type { Variable } from '../command.ts'
import { ServiceUnavailable } from '../service-unavailable.ts'

export const recordVariables = {
  ACCESS: { summary: 'open, for a log without keys, which records nothing', schema: accessEntries.ACCESS },
  INGEST_URL: { summary: 'where ingest is, which records who does this', schema: ownEntries.INGEST_URL },
} as const satisfies Record<string, Variable>

export const recordRule: ConfigRule = ({ ACCESS, INGEST_URL, ACTIVITY_LOG_KEY }) => {
  if (ACCESS === 'open' || (INGEST_URL && ACTIVITY_LOG_KEY)) return []
  return [
    'INGEST_URL and ACTIVITY_LOG_KEY are required, since the log records who does this: the URL of ingest itself, and ' +
      "a key of yours, made with activity-log keys create --tenant '*' --scopes audit. A log without keys needs " +
      'neither, but ACCESS=open',
  ]
}

const undone = { abandon: 'abandoned', 'write-off': 'written off' } as const

export type RecordWith = { ACCESS?: string | undefined; INGEST_URL?: string | undefined; key?: string | undefined }

/** Records in the log of the system what the holder of a key does to the ledger. Rejects with ServiceUnavailable. */
export async function recordAct(
  action: keyof typeof undone,
  { ACCESS, INGEST_URL: url, key }: RecordWith,
  topic: string,
): Promise<void> {
  const id = readKey(key ?? '')?.id
  if (ACCESS === 'open' || url === undefined || key === undefined || id === undefined) return
  const act = { action, keyId: id, at: windowOf(new Date()), metadata: { topic } } as const
  await postOwn({ url, key })(ownActivity(systemTenant, act)).catch((cause) => {
    throw new ServiceUnavailable(
      `The log could not record who does this, so nothing was ${undone[action]}: ${reasons(cause)}. Is INGEST_URL that of ` +
        `ingest itself, ${url}? Is the key ${id} valid, for all tenants (*), and has it the scope audit?`,
      { cause },
    )
  })
}
