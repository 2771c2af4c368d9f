import type { EventRecord } from '../activity-recorded.ts'
import { isOwn, ownPrefix } from '../own-name.ts'
import { systemTenant } from '../tenant.ts'

/**
 * Whose room a record takes while it waits: its tenant's. What the log records about its own use does not wait behind
 * what a tenant sends, so no flood of it delays acts.
 */
export const ownerOf = ({ headers }: Pick<EventRecord, 'headers'>): string =>
  (isOwn(headers['ce_id'] ?? '') ? systemTenant : headers['ce_tenant']) ?? ''

/** The same for SQLite, where `headers` is a column with the headers as JSON. */
export const ownerInSql = `CASE WHEN json_extract(headers, '$.ce_id') GLOB '${ownPrefix}*' THEN '${systemTenant}'
  ELSE coalesce(json_extract(headers, '$.ce_tenant'), '') END`
