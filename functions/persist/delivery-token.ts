import { type Authenticate, anybody, type BareRequest } from '@activity-log/shared/http/caller.ts'
import { Problem, unavailable } from '@activity-log/shared/http/problem.ts'
import type { Caller } from '@activity-log/shared/http/route.ts'
import type { WatchedFile } from '@activity-log/shared/http/watched-file.ts'
import type { JWTVerifyGetKey } from 'jose'
import type { DeliveryKeys } from './delivery-keys.ts'

/** Whose tokens count: those that `issuer` made for `audience` and one of the subjects. */
export type DeliveryTrust = { issuer: string; audience: string; subjects: readonly string[] }

export type VerifierOptions = {
  trust: DeliveryTrust
  keys: Pick<WatchedFile<DeliveryKeys>, 'current' | 'readAgain'>
  now: () => Date
  /** The number of verified tokens that are remembered. */
  maxRemembered?: number
}

/** Resolves with the subject of the token in an Authorization header; rejects with NotVerified. */
export type Verify = (authorization: string | undefined) => Promise<string>

/** The message says why, for the log and for the dead letter of a delivery that never succeeds. */
export class NotVerified extends Error {
  override name = 'NotVerified'
}

const maxTokenBytes = 8 * 1024
const maxRememberedMs = 5 * 60_000
/** The clocks of two machines may differ by this much. */
const leewayS = 60
/** How long a token with an unknown key waits before the file is read once more for such a token. */
const readAgainMs = 30_000

type Loaded = { from: DeliveryKeys; find: JWTVerifyGetKey }
type Remembered = { subject: string; until: number }

/**
 * Verifies tokens that Kubernetes issues for service accounts. A dispatcher sends the same token for most of an hour,
 * so those that were verified are remembered for a while; otherwise each delivery would cost 50 µs more.
 */
export function createVerifier({ trust, keys, now, maxRemembered = 10_000 }: VerifierOptions): Verify {
  const remembered = new Map<string, Remembered>()
  let loaded: Loaded | undefined
  let readAgainAt = Number.NEGATIVE_INFINITY

  return async (authorization) => {
    const token = bearerToken(authorization)
    const from = await keys.current()
    if (!from) throw new NotVerified('there are no keys to verify tokens with')
    if (from !== loaded?.from) remembered.clear()
    const known = remembered.get(token)
    if (known && known.until > now().getTime()) return known.subject
    remembered.delete(token)
    return verify(token, from)
  }

  async function verify(token: string, from: DeliveryKeys): Promise<string> {
    const jose = await import('jose')
    rejectForeignKeys(readHeader(jose, token))
    const wanted = { issuer: trust.issuer, audience: trust.audience, requiredClaims: ['exp', 'sub'] }
    const attempt = async (from: DeliveryKeys) => {
      loaded = loaded?.from === from ? loaded : { from, find: jose.createLocalJWKSet({ keys: [...from.keys] }) }
      const options = { ...wanted, algorithms: [...from.algorithms], clockTolerance: leewayS, currentDate: now() }
      return { from, payload: (await jose.jwtVerify(token, loaded.find, options)).payload }
    }
    const { from: verifiedWith, payload } = await attempt(from)
      .catch(async (error) => {
        if (!(error instanceof jose.errors.JWKSNoMatchingKey)) throw error
        const again = await readAgain()
        if (!again) throw error
        return attempt(again)
      })
      .catch((error) => {
        // a fault of ours keeps its stack; whatever a token says does not
        const cause = error instanceof jose.errors.JOSEError ? undefined : error
        throw new NotVerified(`its token is not valid (${error.message})`, { cause })
      })
    const { sub: subject = '', exp = 0 } = payload
    // other keys may have come meanwhile
    if (loaded?.from !== verifiedWith) return subject
    remember(token, { subject, until: Math.min(exp * 1000, now().getTime() + maxRememberedMs) })
    return subject
  }

  /** Whoever sends tokens with keys that nobody has must not make the process read all the time. */
  async function readAgain(): Promise<DeliveryKeys | undefined> {
    const at = now().getTime()
    if (Math.abs(at - readAgainAt) < readAgainMs) return undefined
    readAgainAt = at
    return keys.readAgain()
  }

  function remember(token: string, entry: Remembered) {
    if (remembered.size >= maxRemembered) for (const oldest of remembered.keys()) if (remembered.delete(oldest)) break
    remembered.set(token, entry)
  }
}

/**
 * Makes the caller of a delivery from the token of a dispatcher. All other requests are those of `otherwise`, by default
 * of anybody.
 */
export function authenticateDeliveries(
  verify: Verify,
  subjects: readonly string[],
  otherwise: Authenticate = () => anybody,
): Authenticate {
  return (request, route) => (route.scope === 'deliver' ? deliverer(request) : otherwise(request, route))

  async function deliverer(request: BareRequest): Promise<Caller | Problem> {
    try {
      const subject = await verify(request.header('authorization'))
      if (subjects.includes(subject)) return { ...anybody, ...onlyDelivers, subject }
      request.log.warn({ subject }, 'a delivery was rejected, because its sender is not a dispatcher')
      return new Problem('forbidden', 'The token is valid, but its subject may not deliver records.')
    } catch (error) {
      if (!(error instanceof NotVerified)) throw error
      // KafkaSource would make a dead letter after a 401; whatever is wrong here may be right in a moment
      return unavailable(`The delivery was not taken, because ${error.message}.`, error)
    }
  }
}

const onlyDelivers = { isOperator: false, system: undefined, scopes: new Set(['deliver'] as const) }

function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined) throw new NotVerified('it came without a token')
  if (authorization.length > maxTokenBytes) throw new NotVerified(`its token is larger than ${maxTokenBytes} bytes`)
  const [, token] = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization) ?? []
  if (token === undefined) throw new NotVerified('its Authorization header holds no signed token')
  return token
}

function readHeader(jose: typeof import('jose'), token: string): object {
  try {
    return jose.decodeProtectedHeader(token)
  } catch {
    throw new NotVerified('its token has no valid header')
  }
}

/** Keys come from the file alone (RFC 8725, section 3.10), and nobody here knows an extension that is critical. */
function rejectForeignKeys(header: object) {
  const foreign = ['jku', 'x5u', 'jwk', 'x5c', 'crit'].filter((name) => name in header)
  if (foreign.length > 0) throw new NotVerified(`the header of its token has ${foreign.join(', ')}`)
}
