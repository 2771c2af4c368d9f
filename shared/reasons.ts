/** An error in one line: what it says, and what its causes say that it does not; no stacks. */
export function reasons(error: unknown): string {
  const said: string[] = []
  for (const message of messages(error))
    if (message !== '' && !said.some((text) => text.includes(message))) said.push(message)
  return said.join(': ')
}

function messages(error: unknown): string[] {
  if (!(error instanceof Error)) return error === undefined ? [] : [String(error)]
  const own = error instanceof AggregateError ? error.errors.flatMap(messages) : [error.message]
  return [...own, ...messages(error.cause)]
}
