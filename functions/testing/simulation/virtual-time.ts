import { syncBuiltinESMExports } from 'node:module'
import FakeTimers from '@sinonjs/fake-timers'

/**
 * Time that stands still until `step` moves it to the next timer. The code between two timers always runs to its end in
 * the same order, so the timers determine the order of everything.
 */
export type VirtualTime = Disposable & {
  /** Milliseconds since the start. */
  now(): number
  /** Moves to the next timer, and resolves when everything that it triggers has run. */
  step(): Promise<void>
  /** Resolves when everything has run that does not wait for a timer. */
  settle(): Promise<void>
}

const start = new Date('2026-01-01T00:00:00Z')
const turnOfTheEventLoop = setImmediate

/** Replaces the clock and all timers of this process, including node:timers/promises, until it is disposed of. */
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
  // without this, modules that import a timer by name would keep the real one
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
