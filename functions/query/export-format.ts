import { activityJson, type ListedActivity } from '@activity-log/shared/document.ts'

export type ExportFormat = {
  contentType: string
  /** The text before the first row. */
  head: string
  row: (activity: ListedActivity) => string
}

const columns = ['id', 'userId', 'action', 'timestamp', 'recordedAt', 'metadata'] as const

export const exportFormats: { readonly [name in 'csv' | 'ndjson']: ExportFormat } = {
  csv: { contentType: 'text/csv; charset=utf-8; header=present', head: `${columns.join()}\r\n`, row: csvRow },
  ndjson: {
    contentType: 'application/x-ndjson',
    head: '',
    row: (activity) => `${activityJson(activity)}\n`,
  },
}

/** Formats a row according to RFC 4180. */
function csvRow({ id, userId, action, timestamp, recordedAt, metadataText = '' }: ListedActivity): string {
  return `${cell(id)},${cell(userId)},${cell(action)},${timestamp},${recordedAt},${cell(metadataText)}\r\n`
}

/** Matches the start of a formula in spreadsheets, also in full-width forms, and the apostrophe that is added below. */
const looksLikeFormula = /^[=+\-@\t\r\n＝＋－＠']/
const needsQuotes = /[",\r\n]/

/**
 * A formula that somebody sent as a name would run in the spreadsheet of the person who opens the file, so text that
 * looks like one gets a leading apostrophe. So does text that begins with an apostrophe: removing one from each such
 * cell restores what was sent.
 */
function cell(text: string): string {
  const safe = looksLikeFormula.test(text) ? `'${text}` : text
  return needsQuotes.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
