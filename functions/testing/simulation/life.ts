import { never } from './world.ts'

/**
 * One run of a process. Once it has ended, none of its calls has an effect and none returns, so its code never
 * continues, as after a SIGKILL. Its timers may still fire, but the code that they start stops at the next call.
 */
export type Life = {
  name: string
  isOver(): boolean
  end(): void
  ended: Promise<void>
  /** Every effect of a process on the outside world goes through this. */
  ask<Value>(call: () => Promise<Value>): Promise<Value>
}

export function createLife(name: string): Life {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  let isOver = false
  return {
    name,
    isOver: () => isOver,
    end() {
      isOver = true
      end()
    },
    ended,
    async ask(call) {
      if (isOver) return never
      try {
        const value = await call()
        return isOver ? never : value
      } catch (error) {
        if (isOver) return never
        throw error
      }
    },
  }
}
