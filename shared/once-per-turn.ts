/** Returns what asks for the work: it is done once in the next turn of the event loop, however often that is called. */
export function oncePerTurn(work: () => void): () => void {
  let isAsked = false
  const run = () => {
    isAsked = false
    work()
  }
  return () => {
    if (isAsked) return
    isAsked = true
    setImmediate(run)
  }
}
