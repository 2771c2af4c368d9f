export class TooLate extends Error {
  override name = 'TooLate'
}

/** Rejects with TooLate when the promise has not settled in time; what it does later is of no more interest. */
export async function within<Value>(ms: number, promise: Promise<Value>, late: string): Promise<Value> {
  const { promise: isLate, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new TooLate(`${late} within ${Math.round(ms)} ms`)), ms)
  try {
    return await Promise.race([promise, isLate])
  } finally {
    clearTimeout(timer)
  }
}
