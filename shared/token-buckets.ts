export type TokenBuckets = {
  /** How many tokens there are; none or fewer when more was taken than there was. */
  left(name: string, perSecond: number): number
  /** Takes tokens, also more than there are: what is missing has to come back before there are any again. */
  take(name: string, perSecond: number, tokens: number): void
}

export type TokenBucketOptions = {
  /** Milliseconds that never go back. */
  now?: () => number
  maxBuckets?: number
}

type Bucket = { tokens: number; at: number }

/**
 * Buckets that fill up with a number of tokens each second, and hold those of one second. A full bucket is the same as
 * none, so only those in use take memory. Beyond `maxBuckets` the oldest are forgotten, which makes them full.
 */
export function createTokenBuckets(options: TokenBucketOptions = {}): TokenBuckets {
  const { now = () => performance.now(), maxBuckets = 50_000 } = options
  const buckets = new Map<string, Bucket & { perSecond: number }>()

  const tokensIn = ({ tokens, at }: Bucket, perSecond: number) =>
    Math.min(perSecond, tokens + ((now() - at) / 1_000) * perSecond)

  /** Forgets those that are full by now, and the oldest if these are not enough. */
  function makeRoom() {
    for (const [name, bucket] of buckets) {
      if (tokensIn(bucket, bucket.perSecond) >= bucket.perSecond) buckets.delete(name)
    }
    const tooMany = buckets.size - Math.floor(maxBuckets * 0.75)
    for (const name of [...buckets.keys()].slice(0, Math.max(0, tooMany))) buckets.delete(name)
  }

  return {
    left(name, perSecond) {
      const bucket = buckets.get(name)
      return bucket ? tokensIn(bucket, perSecond) : perSecond
    },
    take(name, perSecond, tokens) {
      const bucket = buckets.get(name)
      if (bucket) {
        Object.assign(bucket, { tokens: tokensIn(bucket, perSecond) - tokens, at: now(), perSecond })
        return
      }
      if (buckets.size >= maxBuckets) makeRoom()
      buckets.set(name, { tokens: perSecond - tokens, at: now(), perSecond })
    },
  }
}
