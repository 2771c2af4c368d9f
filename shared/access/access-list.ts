import * as v from 'valibot'
import { isTenant } from '../activity-recorded.ts'
import { repeatedNameIn } from '../json.ts'
import { parseTimestamp } from '../timestamp.ts'
import { withoutSecrets } from '../without-secrets.ts'
import { isKeyId } from './key.ts'

/** The scopes that a key can have. */
export const keyScopes = ['write', 'read', 'operate', 'erase', 'tokens', 'audit'] as const

/** The tenant of a key for operators, who name the tenant in each request. */
export const everyTenant = '*'

export const maxKeys = 20_000
export const maxFileBytes = 8 * 1024 * 1024

/** What is left of a character in another encoding than UTF-8: names with different ones would be the same. */
const replacement = '\ufffd'

/** A name that a key can have: not one that the log itself uses. */
export const isTenantOfKeys = (text: string): boolean =>
  isTenant(text) && !text.startsWith('$') && text !== everyTenant && !text.includes(replacement)

const TenantName = v.pipe(
  v.string('must be text'),
  v.check(isTenantOfKeys, `must be 1 to 256 characters in UTF-8, without control characters, and not begin with $`),
)
const isTenantOfKey = (text: string) => text === everyTenant || isTenantOfKeys(text)
const isMoment = (text: string) => typeof parseTimestamp(text) !== 'string'
/** The milliseconds of a moment in the file. Date knows no leap seconds, so whoever used it would take one for never. */
export function msOf(moment: string): number {
  const parsed = parseTimestamp(moment)
  if (typeof parsed === 'string') throw new Error(`${moment} is not a timestamp`)
  return parsed.ms
}
const isRate = (rate: number) => Number.isSafeInteger(rate) && rate >= 1 && rate <= 1_000_000_000
const isHash = (text: string) => /^[\w-]{43}$/.test(text)
const maxNameLength = 256

const TenantOfKey = v.pipe(
  v.string('must be text'),
  v.check(isTenantOfKey, 'must be the name of a tenant, or * for all'),
)
const Moment = v.pipe(v.string('must be text'), v.check(isMoment, 'must be a timestamp, such as 2027-01-01T00:00:00Z'))
const Rate = v.pipe(v.number('must be a number'), v.check(isRate, 'must be a whole number from 1'))
const Hash = v.pipe(v.string('must be text'), v.check(isHash, 'must be a SHA-256 in base64url'))
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

export const KeptKey = v.strictObject({
  id: KeyId,
  /** The SHA-256 of the key in base64url. */
  hash: Hash,
  /** The SHA-256 of what the sessions of this key show, in base64url. */
  sessionHash: Hash,
  name: v.pipe(
    v.string('must be text'),
    v.nonEmpty('must not be empty'),
    v.maxLength(maxNameLength, `must be at most ${maxNameLength} characters`),
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
  /** The id of the key that it was rotated to. */
  replacedBy: v.optional(KeyId),
})
export type KeptKey = v.InferOutput<typeof KeptKey>

type Unchecked = { readonly [name in keyof KeptKey]?: unknown }
const members: ReadonlySet<string> = new Set(Object.keys(KeptKey.entries))
const scopesOfKeys: ReadonlySet<unknown> = new Set(keyScopes)
const isText = (value: unknown, is: (text: string) => boolean) => typeof value === 'string' && is(value)
const mayBeMoment = (value: unknown) => value === undefined || isText(value, isMoment)

/**
 * Whether the schema takes the value as it is. A start reads all keys, and the schema takes ten times as long and as
 * much memory; it only has to say what is wrong.
 */
export function isKeptKey(value: unknown): value is KeptKey {
  if (typeof value !== 'object' || value === null) return false
  for (const name in value) if (!members.has(name)) return false
  const { id, hash, sessionHash, name, tenant, scopes, rate, created, notBefore, expires, replacedBy } =
    value as Unchecked
  return (
    isText(id, isKeyId) &&
    isText(hash, isHash) &&
    isText(sessionHash, isHash) &&
    isText(name, (text) => text !== '' && text.length <= maxNameLength) &&
    isText(tenant, isTenantOfKey) &&
    Array.isArray(scopes) &&
    scopes.length > 0 &&
    scopes.every((scope) => scopesOfKeys.has(scope)) &&
    (rate === undefined || (typeof rate === 'number' && isRate(rate))) &&
    isText(created, isMoment) &&
    mayBeMoment(notBefore) &&
    mayBeMoment(expires) &&
    (replacedBy === undefined || isText(replacedBy, isKeyId))
  )
}

function haveOwnIds(keys: readonly KeptKey[]): boolean {
  const ids = new Set<string>()
  for (const { id } of keys) ids.add(id)
  return ids.size === keys.length
}

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
  v.check(({ keys }) => haveOwnIds(keys), 'has two keys with the same id'),
)
/** What the access file says. */
export type AccessList = v.InferOutput<typeof AccessFile>

export const emptyAccessList: AccessList = { keys: [], revoked: {}, suspended: [], limits: { tenants: {} } }

/** Reads the text of an access file, or returns why it is not one. The reason shows no key that is in the text. */
export function readAccessList(text: string): AccessList | string {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return 'is not valid JSON'
  }
  const keys = keptKeysOf(json)
  const parsed = v.safeParse(AccessFile, keys ? { ...(json as object), keys: [] } : json, { abortEarly: true })
  if (parsed.success) return repeatedIn(text, json) ?? (keys ? { ...parsed.output, keys } : parsed.output)
  const [{ path = [], message }] = parsed.issues
  const place = path.map(({ key }) => `/${String(key).slice(0, 100)}`).join('')
  if (place === '') return path.length === 0 && /^has/.test(message) ? message : 'must be an object with keys'
  // somebody may have put a whole key where its id belongs
  return withoutSecrets(`${place} ${message.slice(0, 200)}`)
}

/** JSON.parse passes over the first of two members with one name, and with it over a suspension or an expiry. */
function repeatedIn(text: string, json: unknown): string | undefined {
  const pointer = repeatedNameIn(text, json)
  if (pointer === undefined) return undefined
  const [, place = '', name] = /^(.*)\/(.*)$/s.exec(pointer) ?? []
  if (name === undefined) return 'has a member twice'
  return withoutSecrets(`${place.slice(0, 200)} has "${name.slice(0, 100)}" twice`.trimStart())
}

/** The keys of a file, if nothing is wrong with them. */
function keptKeysOf(json: unknown): KeptKey[] | undefined {
  if (typeof json !== 'object' || json === null || !('keys' in json) || !Array.isArray(json.keys)) return undefined
  const { keys } = json
  return keys.length <= maxKeys && keys.every(isKeptKey) && haveOwnIds(keys) ? keys : undefined
}
