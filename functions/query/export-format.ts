import { csvColumns, type LineFormat } from '@activity-log/shared/line-formats.ts'

export type ExportFormat = {
  contentType: string
  /** The text before the first line. */
  head: string
}

export const exportFormats: { readonly [name in LineFormat]: ExportFormat } = {
  csv: { contentType: 'text/csv; charset=utf-8; header=present', head: `${csvColumns.join()}\r\n` },
  ndjson: { contentType: 'application/x-ndjson', head: '' },
}
