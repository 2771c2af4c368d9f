import { assetPaths } from './viewer/assets.ts'
import { number } from './viewer/views/histogram.ts'
import { timeText } from './viewer/views/zone-time.ts'

/** Each part takes up to half of the longest turn of the event loop, so each has a turn of its own. */
const parts: readonly (() => unknown)[] = [
  // Node loads its Request and Response, and with them fetch, when they are first named
  () => globalThis.Request,
  () => assetPaths(''),
  // the first times and numbers in words load what Node knows of languages
  () => timeText(Date.now(), 'UTC'),
  () => number(1_000),
]

/** Loads what the first page for people needs, after the process has started and a part at a time. */
export function warmUp(afterMs: number, loaded = parts): Disposable {
  let timer: NodeJS.Timeout | undefined
  const wait = (at: number) => {
    timer = at < loaded.length ? setTimeout(() => void load(at), afterMs).unref() : undefined
  }
  async function load(at: number) {
    try {
      await loaded[at]?.()
    } catch {
      // the first page tries again, and its answer says what is wrong
    }
    if (timer) wait(at + 1)
  }
  wait(0)
  const stop = () => {
    clearTimeout(timer)
    timer = undefined
  }
  return { [Symbol.dispose]: stop }
}
