type LogFact = (fields: object, fact: string) => void

/** A log of facts with their fields, by severity; pino implements it. Errors go under `err` with their causes. */
export type Log = { debug: LogFact; info: LogFact; warn: LogFact; error: LogFact }

/** Adds fields to every line. */
export function childLog(log: Log, own: object): Log {
  return {
    debug: (fields, fact) => log.debug({ ...own, ...fields }, fact),
    info: (fields, fact) => log.info({ ...own, ...fields }, fact),
    warn: (fields, fact) => log.warn({ ...own, ...fields }, fact),
    error: (fields, fact) => log.error({ ...own, ...fields }, fact),
  }
}
