/** Describes an error in one line: its message and those messages of its causes that it does not repeat; no stacks. */
export function reasons(error: unknown): string {
  const said: string[] = []
  for (const message of messages(error))
    if (message !== '' && !said.some((text) => text.includes(message))) said.push(message)
  return said.join(': ')
}

/** Whether the error began with a mistake in the program rather than with an outage: only then its stack is useful. */
export function isFault(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isFault)
  if (error instanceof Error && error.cause !== undefined) return isFault(error.cause)
  return faults.some((kind) => error instanceof kind)
}

const faults = [TypeError, RangeError, ReferenceError, SyntaxError]

function messages(error: unknown): string[] {
  if (!(error instanceof Error)) return error === undefined ? [] : [String(error)]
  const own = error instanceof AggregateError ? error.errors.flatMap(messages) : [error.message]
  return [...own, ...messages(error.cause)]
}
