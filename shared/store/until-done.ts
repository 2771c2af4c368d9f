/** Work whose result callers share; it runs again after it failed or was forgotten. */
export function untilDone(work: () => Promise<void>): { done: () => Promise<void>; forget: () => void } {
  let running: Promise<void> | undefined
  const forget = () => {
    running = undefined
  }
  function done() {
    running ??= work().catch((error) => {
      forget()
      throw error
    })
    return running
  }
  return { done, forget }
}
