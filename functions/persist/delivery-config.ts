import type { ConfigRule } from '@activity-log/shared/config.ts'
import * as v from 'valibot'
import type { DeliveryTrust } from './delivery-token.ts'

/** The variables that say who may deliver records; without them, whoever reaches the process may. */
export const deliveryEntries = {
  DELIVERY_JWKS: v.optional(v.string()),
  DELIVERY_ISSUER: v.optional(v.string()),
  DELIVERY_AUDIENCE: v.optional(v.string()),
  DELIVERY_SUBJECTS: v.optional(
    v.pipe(
      v.string(),
      v.transform((text) => text.split(',').map((subject) => subject.trim())),
      v.check(
        (subjects) => subjects.every((subject) => /^[!-~]{1,512}$/.test(subject)),
        'must be a comma-separated list of subjects: system:serviceaccount:NAMESPACE:NAME',
      ),
    ),
  ),
}

const names = Object.keys(deliveryEntries)

/** Each of them is needed to tell a dispatcher's token from another one of the same cluster. */
export const deliveryRule: ConfigRule = (set) => {
  const missing = names.filter((name) => !set[name])
  if (missing.length === names.length) return []
  const given = names.filter((name) => set[name])
  return missing.map((name) => `${name} is required with ${given.join(', ')}`)
}

type DeliveryConfig = v.InferOutput<v.ObjectSchema<typeof deliveryEntries, undefined>>

/** The file with the keys, and whose tokens count; undefined if tokens are not asked for. */
export function deliveryTrust(config: DeliveryConfig): { file: string; trust: DeliveryTrust } | undefined {
  const { DELIVERY_JWKS: file, DELIVERY_ISSUER: issuer, DELIVERY_AUDIENCE: audience } = config
  const { DELIVERY_SUBJECTS: subjects } = config
  if (file === undefined || issuer === undefined || audience === undefined || subjects === undefined) return undefined
  return { file, trust: { issuer, audience, subjects } }
}
