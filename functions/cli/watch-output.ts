/**
 * Watches whether what is written to stdout arrives: console.log does not say so. The returned function resolves with
 * the reason if it did not. A reader that has enough, such as head, is no failure.
 */
export function watchOutput(output: NodeJS.WriteStream = process.stdout): () => Promise<string | undefined> {
  let fault: string | undefined
  output.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') fault ??= message
  })
  return async () => {
    // the stream tells a failure of the last write in the next turn
    await new Promise(setImmediate)
    return fault
  }
}
