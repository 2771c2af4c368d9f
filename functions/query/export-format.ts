import type { FoundActivity } from '@activity-log/shared/document.ts'

export type ExportFormat = {
  contentType: string
  /** The text before the first row. */
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

/** Formats a row according to RFC 4180. */
function csvRow({ id, userId, action, timestamp, recordedAt, metadata }: FoundActivity): string {
  const json = metadata ? JSON.stringify(metadata) : ''
  return `${cell(id)},${cell(userId)},${cell(action)},${timestamp},${recordedAt},${cell(json)}\r\n`
}

/**
 * Matches each place where a spreadsheet may begin a cell with a formula, also in full-width forms: the start of the
 * text, and what follows a semicolon, a tab or a line break. Some read such a character as the end of a cell, and drop
 * the quotes that follow it. An apostrophe in such a place matches as well, because one is added below.
 */
const cellStart = /^(?=[=+\-@\t\r\n＝＋－＠'])|(?<=[;\t\r\n])(?='|"*[=+\-@＝＋－＠])/g
const needsQuotes = /[",\r\n]/

/**
 * A formula that somebody sent as a name would run in the spreadsheet of the person who opens the file, so an
 * apostrophe is added before it. Removing one apostrophe from each place that has one restores what was sent.
 */
function cell(text: string): string {
  const safe = text.replace(cellStart, "'")
  return needsQuotes.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
