import * as v from 'valibot'
import { isTenant } from '../activity-recorded.ts'
import { parseTimestamp } from '../timestamp.ts'
import { isKeyId } from './key.ts'

/** The scopes that a key can have. */
export const keyScopes = ['write', 'read', 'operate', 'erase', 'tokens', 'audit'] as const

/** The tenant of a key for operators, who name the tenant in each request. */
export const everyTenant = '*'

export const maxKeys = 20_000
export const maxFileBytes = 8 * 1024 * 1024

/** A name that a key can have: not one that the log itself uses. */
export const isTenantOfKeys = (text: string): boolean => isTenant(text) && !text.startsWith('$') && text !== everyTenant

const TenantName = v.pipe(
  v.string('must be text'),
  v.check(isTenantOfKeys, `must be 1 to 256 characters, without control characters, and not begin with $`),
)
const TenantOfKey = v.pipe(
  v.string('must be text'),
  v.check((text) => text === everyTenant || isTenantOfKeys(text), 'must be the name of a tenant, or * for all'),
)
const Moment = v.pipe(
  v.string('must be text'),
  v.check((text) => typeof parseTimestamp(text) !== 'string', 'must be a timestamp, such as 2027-01-01T00:00:00Z'),
)
const Rate = v.pipe(
  v.number('must be a number'),
  v.check((rate) => Number.isSafeInteger(rate) && rate >= 1 && rate <= 1_000_000_000, 'must be a whole number from 1'),
)
/** An object by names of any kind: v.record passes over `constructor` and `__proto__`, which tenants may be named. */
const byName = <Value extends string | number>(isName: (name: string) => boolean, value: v.GenericSchema<Value>) =>
  v.pipe(
    v.custom<{ readonly [name: string]: Value }>(
      (given) => typeof given === 'object' && given !== null && !Array.isArray(given),
      'must be an object',
    ),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return
      for (const [name, given] of Object.entries(dataset.value)) {
        const [wrong] = v.safeParse(value, given).issues ?? []
        const message = isName(name) ? wrong?.message : 'is not a possible name'
        if (message) {
          const { value: input } = dataset
          addIssue({ message, path: [{ type: 'object', origin: 'value', input, key: name, value: given }] })
        }
      }
    }),
  )
const KeyId = v.pipe(v.string('must be text'), v.check(isKeyId, 'must be the id of a key'))

const KeptKey = v.strictObject({
  id: KeyId,
  /** The SHA-256 of the key in base64url. */
  hash: v.pipe(v.string('must be text'), v.regex(/^[\w-]{43}$/, 'must be a SHA-256 in base64url')),
  name: v.pipe(
    v.string('must be text'),
    v.nonEmpty('must not be empty'),
    v.maxLength(256, 'must be at most 256 characters'),
  ),
  tenant: TenantOfKey,
  scopes: v.pipe(
    v.array(v.picklist(keyScopes, `must be one of ${keyScopes.join(', ')}`)),
    v.minLength(1, 'must not be empty'),
  ),
  /** Activities or requests per second. */
  rate: v.optional(Rate),
  created: Moment,
  notBefore: v.optional(Moment),
  expires: v.optional(Moment),
})
export type KeptKey = v.InferOutput<typeof KeptKey>

const AccessFile = v.pipe(
  v.strictObject({
    keys: v.pipe(v.array(KeptKey, 'must be an array'), v.maxLength(maxKeys, `must be at most ${maxKeys}`)),
    /** When each key was revoked. Keys stay in the file, so that a list shows them. */
    revoked: v.optional(byName(isKeyId, Moment), {}),
    suspended: v.optional(v.array(TenantName), []),
    limits: v.optional(
      v.strictObject({
        /** The rate of each tenant that has none of its own. */
        default: v.optional(Rate),
        tenants: v.optional(byName(isTenantOfKeys, Rate), {}),
      }),
      { tenants: {} },
    ),
  }),
  v.check(({ keys }) => new Set(keys.map(({ id }) => id)).size === keys.length, 'has two keys with the same id'),
)
/** What the access file says. */
export type AccessList = v.InferOutput<typeof AccessFile>

export const emptyAccessList: AccessList = { keys: [], revoked: {}, suspended: [], limits: { tenants: {} } }

/** Reads the text of an access file, or returns why it is not one. The reason shows nothing of the text. */
export function readAccessList(text: string): AccessList | string {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return 'is not valid JSON'
  }
  const parsed = v.safeParse(AccessFile, json, { abortEarly: true })
  if (parsed.success) return parsed.output
  const [{ path = [], message }] = parsed.issues
  const place = path.map(({ key }) => `/${String(key).slice(0, 100)}`).join('')
  return place === ''
    ? path.length === 0 && /^has/.test(message)
      ? message
      : 'must be an object with keys'
    : `${place} ${message}`
}
