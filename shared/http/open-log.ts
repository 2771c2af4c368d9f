import { type Logger, pino } from 'pino'
import { withoutSecrets } from '../without-secrets.ts'
import { openLogOutput } from './log-output.ts'

/**
 * One JSON line per fact on stdout. Errors keep their causes here; answers never carry them. Whatever a client put a key
 * in, such as the id of its request or a note, no line shows it.
 */
export function openLog(name: string, level: string): Logger {
  // without a listener, a failure to write there would end the process
  process.stdout.on('error', () => {})
  const output = openLogOutput(process.stdout.fd)
  process.once('exit', output.flush)
  return pino({ name, level, base: { name } }, { write: (line) => output.write(withoutSecrets(line)) })
}
