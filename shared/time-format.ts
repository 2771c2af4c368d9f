/** The forms of a time that ingest reads, by the names that requests and commands give them. */
export const timeFormats = ['rfc3339', 'epoch-s', 'epoch-ms', 'epoch-us', 'epoch-ns', 'loose'] as const
export type TimeFormat = (typeof timeFormats)[number]

/** The error of a time in another form, which lists the accepted forms. */
export const timeForms =
  'must be an RFC 3339 date and time with an offset, such as 2024-01-15T10:00:00Z; ' +
  `for another form, name it with time-format: ${timeFormats.slice(1).join(', ')}`
