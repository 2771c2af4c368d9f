import { unavailable } from './problem.ts'

/** No clock that is right is outside of these years; a machine whose clock lost its power begins at 1970. */
const years = { first: 2024, last: 2500 }

/**
 * Returns a clock that throws a 503 while the machine's own is certainly wrong: a time of receipt from it would be in
 * every record, and a rejection because of it could not be taken back.
 */
export function checkedClock(now: () => Date): () => Date {
  return () => {
    const at = now()
    const year = at.getUTCFullYear()
    if (year >= years.first && year <= years.last) return at
    const said = Number.isNaN(year) ? 'no valid time' : at.toISOString()
    const detail = `The clock of the log says ${said}, so it takes nothing. Set the clock, then try again.`
    throw unavailable(detail, undefined, { fact: 'The clock of the log is wrong, so it takes nothing.' })
  }
}
