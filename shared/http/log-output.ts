import { writeSync } from 'node:fs'

type Write = (fd: number, bytes: Uint8Array) => number

const maxWaitingBytes = 256 * 1024
const retryMs = 1_000

/**
 * Writes lines at once, but never waits until they can be written: the disk behind stdout may be full, or the program
 * that reads it may have stopped. pino's own output waits for that in a loop, and no request is answered meanwhile. Lines
 * that cannot be written are kept for later, up to a limit.
 */
export function openLogOutput(fd: number, write: Write = writeSync) {
  const waiting: Uint8Array[] = []
  let bytes = 0
  let omitted = 0
  let later: NodeJS.Timeout | undefined

  function flush() {
    clearTimeout(later)
    later = undefined
    try {
      for (let [line] = waiting; line; [line] = waiting) {
        const written = write(fd, line)
        bytes -= written
        // of a line on a disk that is nearly full, only a part may have fitted
        if (written < line.byteLength) waiting[0] = line.subarray(written)
        else waiting.shift()
      }
    } catch (error) {
      // nobody reads the lines any more
      if ((error as NodeJS.ErrnoException).code === 'EPIPE') forget()
      else later = setTimeout(flush, retryMs).unref()
    }
    if (later || omitted === 0) return
    const fields = { level: 40, time: Date.now(), omitted, msg: 'lines were omitted, since they could not be written' }
    omitted = 0
    add(`${JSON.stringify(fields)}\n`)
  }

  function forget() {
    waiting.length = 0
    bytes = 0
  }

  function add(line: string) {
    const text = Buffer.from(line)
    if (bytes + text.byteLength > maxWaitingBytes) {
      omitted++
      return
    }
    waiting.push(text)
    bytes += text.byteLength
    if (!later) flush()
  }

  return { write: add, flush }
}
