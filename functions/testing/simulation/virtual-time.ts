import { syncBuiltinESMExports } from 'node:module'
import FakeTimers from '@sinonjs/fake-timers'

/**
 * Time that stands still until `step` moves it to the next timer. What runs between two timers runs to its end, always in
 * the same order; so the order of everything is that of the timers.
 */
export type VirtualTime = Disposable & {
  /** Milliseconds since the start. */
  now(): number
  /** Moves to the next timer, and resolves when all that follows from it has run. */
  step(): Promise<void>
  /** Resolves when all has run that waits for no timer. */
  settle(): Promise<void>
}

const start = new Date('2026-01-01T00:00:00Z')
const turnOfTheEventLoop = setImmediate

/** Takes the place of the clock and of all timers in this process, node:timers/promises included, until it is disposed of. */
export function virtualTime(): VirtualTime {
  const clock = FakeTimers.install({
    now: start,
    toFake: [
      'Date',
      'performance',
      'setTimeout',
      'clearTimeout',
      'setInterval',
      'clearInterval',
      'setImmediate',
      'clearImmediate',
    ],
  })
  const realTimeout = AbortSignal.timeout
  AbortSignal.timeout = (ms) => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(new DOMException('The operation timed out.', 'TimeoutError')), ms)
    return controller.signal
  }
  // else those who have imported a timer by name would keep the real one
  syncBuiltinESMExports()
  const settle = () => new Promise<void>((resolve) => void turnOfTheEventLoop(resolve))
  return {
    now: () => clock.now - start.getTime(),
    step() {
      clock.next()
      return settle()
    },
    settle,
    [Symbol.dispose]() {
      AbortSignal.timeout = realTimeout
      clock.uninstall()
      syncBuiltinESMExports()
    },
  }
}
