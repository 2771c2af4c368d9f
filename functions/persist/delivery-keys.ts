import * as v from 'valibot'

/** A public key as a JSON Web Key (RFC 7517). */
export type DeliveryKey = { [member: string]: unknown; kty: string }
/** The keys that may have signed a token, and the algorithms that these keys are for. */
export type DeliveryKeys = { keys: readonly DeliveryKey[]; algorithms: readonly string[] }

const Jwks = v.object({ keys: v.array(v.looseObject({ kty: v.string() })) })

const rsa = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
const byCurve: { readonly [curve: string]: readonly string[] } = {
  'P-256': ['ES256'],
  'P-384': ['ES384'],
  'P-521': ['ES512'],
  Ed25519: ['EdDSA', 'Ed25519'],
}

/**
 * Reads a JSON Web Key Set, as the API server gives it at `/openid/v1/jwks`. Secret keys are passed over, so there is
 * no algorithm with which somebody who knows a public key could sign (RFC 8725, section 2.1). Throws without any key,
 * and with two that a token may mean by the same name, since no token of that name could be verified.
 */
export function readDeliveryKeys(text: string): DeliveryKeys {
  const parsed = v.safeParse(Jwks, JSON.parse(text))
  if (!parsed.success) throw new Error('is not a JSON Web Key Set')
  const keys = parsed.output.keys.filter((key) => algorithmsOf(key).length > 0)
  if (keys.length === 0) throw new Error('has no public key for signatures')
  if (isAmbiguous(keys)) throw new Error('has two keys with the same kid')
  return { keys, algorithms: [...new Set(keys.flatMap(algorithmsOf))] }
}

/** Keys of different types may share a name (RFC 7517, section 4.5): the algorithm of a token tells them apart. */
function isAmbiguous(keys: readonly DeliveryKey[]): boolean {
  const named = keys.filter((key) => key['kid'] !== undefined)
  const meant = named.flatMap((key) => algorithmsOf(key).map((algorithm) => JSON.stringify([key['kid'], algorithm])))
  return new Set(meant).size < meant.length
}

/** Asymmetric ones only. Without `alg`, all that the type of the key permits. */
function algorithmsOf({ kty, crv, alg, use, d, k }: DeliveryKey): readonly string[] {
  if ((use !== undefined && use !== 'sig') || d !== undefined || k !== undefined) return []
  const possible = kty === 'RSA' ? rsa : kty === 'EC' || kty === 'OKP' ? (byCurve[String(crv)] ?? []) : []
  return alg === undefined ? possible : possible.filter((each) => each === alg)
}
