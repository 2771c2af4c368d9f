import type { FoundActivity } from '@activity-log/shared/document.ts'

export type ExportFormat = {
  contentType: string
  /** What stands before the first row. */
  head: string
  row: (activity: FoundActivity) => string
}

const columns = ['id', 'userId', 'action', 'timestamp', 'recordedAt', 'metadata'] as const

export const exportFormats: { readonly [name in 'csv' | 'ndjson']: ExportFormat } = {
  csv: { contentType: 'text/csv; charset=utf-8; header=present', head: `${columns.join()}\r\n`, row: csvRow },
  ndjson: {
    contentType: 'application/x-ndjson',
    head: '',
    row: (activity) => `${JSON.stringify(activity)}\n`,
  },
}

/** RFC 4180. */
function csvRow({ id, userId, action, timestamp, recordedAt, metadata }: FoundActivity): string {
  const json = metadata ? JSON.stringify(metadata) : ''
  return `${cell(id)},${cell(userId)},${cell(action)},${timestamp},${recordedAt},${cell(json)}\r\n`
}

/** What spreadsheets take for the beginning of a formula, also in its full-width forms; and our own mark. */
const looksLikeFormula = /^[=+\-@\t\r\n＝＋－＠']/
const needsQuotes = /[",\r\n]/

/**
 * A formula that somebody sent as a name would run in the spreadsheet of whoever opens the file, so an apostrophe stands
 * before what looks like one. It stands before an apostrophe, too: so who takes away one from every cell that begins with
 * one has what was sent.
 */
function cell(text: string): string {
  const safe = looksLikeFormula.test(text) ? `'${text}` : text
  return needsQuotes.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
