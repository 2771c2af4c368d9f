import { SingleBar } from 'cli-progress'

export type Progress = Disposable & {
  update: (done: number, of: number, note?: string) => void
  /** Takes the bar away; to be called before anything else is written. */
  stop: () => void
}

/** Shows a line on stderr while a command works, from the first update on; nothing where stderr is no terminal. */
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
    stop,
    [Symbol.dispose]: stop,
  }
}
