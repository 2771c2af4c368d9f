import { activityJson, type ListedActivity } from './document.ts'

/** The formats of files: what ends a line is a part of it. */
export type LineFormat = 'csv' | 'ndjson'

export const lineIn: { readonly [format in LineFormat]: (activity: ListedActivity) => string } = {
  csv: csvLine,
  ndjson: (activity) => `${activityJson(activity)}\n`,
}

export const csvColumns = ['id', 'userId', 'action', 'timestamp', 'recordedAt', 'metadata'] as const

/** Formats a row according to RFC 4180. */
function csvLine({ id, userId, action, timestamp, recordedAt, metadataText = '' }: ListedActivity): string {
  return `${cell(id)},${cell(userId)},${cell(action)},${timestamp},${recordedAt},${cell(metadataText)}\r\n`
}

/**
 * Matches each place where a spreadsheet may begin a cell with a formula, also in full-width forms: the start of the
 * text, and what follows a semicolon, a tab or a line break. Some read such a character as the end of a cell, and drop
 * the quotes that follow it. An apostrophe in such a place matches as well, because one is added below.
 */
const cellStart = /^(?=[=+\-@\t\r\n＝＋－＠'])|(?<=[;\t\r\n])(?='|"*[=+\-@＝＋－＠])/g
/** Most texts have no such place, and this tells it in a third of the time. */
const mayHaveStart = /^[=+\-@＝＋－＠']|[;\t\r\n]/
const needsQuotes = /[",\r\n]/

/**
 * A formula that somebody sent as a name would run in the spreadsheet of the person who opens the file, so an
 * apostrophe is added before it. Removing one apostrophe from each place that has one restores what was sent.
 */
function cell(text: string): string {
  const safe = mayHaveStart.test(text) ? text.replace(cellStart, "'") : text
  return needsQuotes.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
