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
