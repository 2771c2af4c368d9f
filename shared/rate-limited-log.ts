import type { Log } from './log.ts'

type LogFact = (fields: object, fact: string) => void

const everyMs = 60_000
/** More kinds than this are counted together, since a client may choose what makes a kind. */
const maxKinds = 100

/**
 * Writes at most one line a minute of each kind, so that whoever causes lines cannot fill the log. The next line says
 * how many were omitted since the last one.
 */
export function createRateLimit(now: () => number = () => performance.now()) {
  const kinds = new Map<string, { at: number; omitted: number }>()
  return (write: LogFact, fields: object, fact: string, kind = fact): void => {
    const name = kinds.has(kind) || kinds.size < maxKinds ? kind : ''
    const last = kinds.get(name)
    if (last && now() - last.at < everyMs) {
      last.omitted++
      return
    }
    kinds.set(name, { at: now(), omitted: 0 })
    write(last && last.omitted > 0 ? { ...fields, omitted: last.omitted } : fields, fact)
  }
}

const levels = ['debug', 'info', 'warn', 'error'] as const

/** A log of facts that clients cause: at most one line a minute of each fact, with the number of those omitted. */
export function createLimitedLog<Level extends keyof Log>(log: Pick<Log, Level>, now?: () => number): Pick<Log, Level> {
  const limited = createRateLimit(now)
  const given = levels.filter((level): level is Level => level in log)
  const entries = given.map((level) => [
    level,
    (fields: object, fact: string) => limited((...line) => log[level](...line), fields, fact),
  ])
  return Object.fromEntries(entries) as Pick<Log, Level>
}
