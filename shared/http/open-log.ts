import { type Logger, pino } from 'pino'

/** One JSON line per fact on stdout. Errors keep their causes here; answers never carry them. */
export function openLog(name: string, level: string): Logger {
  return pino({ name, level, base: { name } })
}
