import { clearLine, cursorTo } from 'node:readline'
import { SingleBar } from 'cli-progress'

export type Progress = Disposable & {
  update: (done: number, of: number, note?: string) => void
  /** Writes a line to stderr, above the bar. */
  say: (text: string) => void
  /** Removes the bar. Call this before anything else is written. */
  stop: () => void
}

/** Shows a bar on stderr from the first update on, unless stderr is not a terminal. */
export function startProgress(label: string): Progress {
  const bar = new SingleBar({
    format: `${label} {bar} {percentage}%{note} | {duration_formatted}`,
    noTTYOutput: false,
    hideCursor: true,
    clearOnComplete: true,
  })
  let isShown = false
  const stop = () => bar.stop()
  return {
    update(done, of, note) {
      const payload = { note: note === undefined ? '' : ` | ${note}` }
      if (isShown) return bar.update(done, payload)
      isShown = true
      bar.start(of, done, payload)
    },
    say(text) {
      if (isShown && process.stderr.isTTY) {
        clearLine(process.stderr, 0)
        cursorTo(process.stderr, 0)
      }
      console.error(text)
    },
    stop,
    [Symbol.dispose]: stop,
  }
}
