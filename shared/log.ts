type LogFact = (fields: object, fact: string) => void

/** Facts with their fields, by how much they matter; pino has it. Errors go under `err`, with their causes. */
export type Log = { debug: LogFact; info: LogFact; warn: LogFact; error: LogFact }
