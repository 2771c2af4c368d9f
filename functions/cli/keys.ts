import { nameInFolder } from '@activity-log/shared/access/access-file.ts'
import { type AccessList, everyTenant, isTenantOfKeys, keyScopes } from '@activity-log/shared/access/access-list.ts'
import { addKey, revokeKey, rotateKey } from '@activity-log/shared/access/change-list.ts'
import { isKeyId } from '@activity-log/shared/access/key.ts'
import { StartError } from '@activity-log/shared/config.ts'
import { parseTimestamp } from '@activity-log/shared/timestamp.ts'
import * as v from 'valibot'
import { type Command, defineCommand } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { accessText, type OpenedFile, openFile, standardInput } from './keys/edit-file.ts'
import { listJson, listText } from './keys/list-text.ts'

const fileOption = {
  value: 'PATH',
  summary: `the access file, or its folder; ${standardInput} is standard input, with --secret`,
  schema: v.string(),
  variable: 'ACCESS_FILE',
} as const

const secretOption = {
  value: 'NAME',
  summary: 'print a Secret of this name for kubectl apply, with the whole file in it; keys then go to stderr',
  schema: v.optional(
    v.pipe(v.string(), v.regex(/^[a-z\d]([a-z\d.-]{0,251}[a-z\d])?$/, 'must be a name of Kubernetes')),
  ),
} as const

const Moment = v.optional(
  v.pipe(
    v.string(),
    v.check((text) => typeof parseTimestamp(text) !== 'string', 'must be a timestamp, such as 2027-01-01T00:00:00Z'),
  ),
)
const WholeNumber = (max: number) =>
  v.pipe(
    v.string(),
    v.check((text) => /^\d{1,10}$/.test(text) && Number(text) <= max, `must be a whole number up to ${max}`),
    v.transform(Number),
  )
const KeyId = v.pipe(v.string(), v.check(isKeyId, 'must be the id of a key, the part after als_'))
const idArgument = { summary: 'the id of a key: the part after als_', schema: KeyId } as const

const listOptions = { file: fileOption, json: { summary: 'print JSON' } } as const

function list({ file, json }: { file: string; json: boolean }): number {
  const { list: kept } = openFile(file)
  console.log((json ? listJson : listText)(kept, new Date()))
  return exitCodes.done
}

export const keysCommand: Command = defineCommand({
  name: 'keys',
  summary: 'list the keys of a log, or change them',
  details: `
Without another word, lists the keys of an access file, which ACCESS_FILE of a log names. A running log reads a changed
file again within a second; one in Kubernetes within about a minute.`,
  arguments: {},
  options: listOptions,
  environment: {},
  run: async (given) => list(given),
})

export const keysListCommand: Command = defineCommand({
  name: 'keys list',
  summary: 'list the keys',
  details: 'Lists the keys of an access file: all about them but the keys themselves, which are nowhere.',
  arguments: {},
  options: listOptions,
  environment: {},
  run: async (given) => list(given),
})

export const keysCreateCommand: Command = defineCommand({
  name: 'keys create',
  summary: 'make a key and print it, this once',
  details: `
Adds a key to an access file, which it makes if there is none, and prints the key. Nobody can read it later: the file
has its SHA-256.

A key is for one tenant; one for ${everyTenant} is for operators, who name the tenant in each request.`,
  arguments: {},
  options: {
    file: fileOption,
    name: {
      value: 'NAME',
      summary: 'who or what has the key',
      schema: v.pipe(v.string(), v.trim(), v.nonEmpty('must not be empty'), v.maxLength(256, 'must be shorter')),
    },
    tenant: {
      value: 'NAME',
      summary: `the tenant that the key is for, or ${everyTenant}`,
      schema: v.pipe(
        v.string(),
        v.check(
          (text) => text === everyTenant || isTenantOfKeys(text),
          'must be a tenant that does not begin with $, in UTF-8',
        ),
      ),
    },
    scopes: {
      value: 'SCOPES',
      summary: `what it may do, with commas: ${keyScopes.join(', ')}`,
      schema: v.optional(
        v.pipe(
          v.string(),
          v.transform((text) => [...new Set(text.split(',').map((scope) => scope.trim()))]),
          v.array(v.picklist(keyScopes, `must be some of ${keyScopes.join(', ')}`)),
        ),
        'write,read',
      ),
    },
    rate: {
      value: 'NUMBER',
      summary: 'the most activities and requests per second',
      schema: v.optional(v.pipe(WholeNumber(1_000_000_000), v.minValue(1, 'must be at least 1'))),
    },
    expires: { value: 'TIME', summary: 'when it stops being valid', schema: Moment },
    notBefore: { value: 'TIME', summary: 'when it starts being valid', schema: Moment },
    secret: secretOption,
  },
  environment: {},
  async run({ file, secret, name, tenant, scopes, ...others }) {
    const opened = openFile(file, { mayBeNew: true })
    const set = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined))
    const { list: changed, key } = addKey(opened.list, { name, tenant, scopes, ...set }, new Date())
    finish(opened, changed, { file, secret, key: key.text })
    console.error(`Keep it now: nothing shows it again. Its id is ${key.id}.`)
    return exitCodes.done
  },
})

export const keysRotateCommand: Command = defineCommand({
  name: 'keys rotate',
  summary: 'make a key that replaces another one',
  details: `
Adds a key that may do the same as the one with the id, and prints it. Both are valid until the other one expires, by
default in 24 hours. A key is rotated once: after that, rotate the one that replaced it.`,
  arguments: { id: idArgument },
  options: {
    file: fileOption,
    overlap: {
      value: 'HOURS',
      summary: 'how long the former key stays valid',
      schema: v.optional(WholeNumber(87_600), '24'),
    },
    secret: secretOption,
  },
  environment: {},
  async run({ id, file, overlap, secret }) {
    const opened = openFile(file)
    const now = new Date()
    const until = new Date(now.getTime() + overlap * 3_600_000)
    const next = opened.list.keys.find((key) => key.id === id)?.replacedBy
    if (next !== undefined)
      throw new StartError(
        `The key ${id} was replaced by ${next}; rotate that one. keys create makes an independent one.`,
      )
    const rotated = rotateKey(opened.list, id, { now, until })
    if (!rotated)
      throw new StartError(`No key has the id ${id} and is neither revoked nor expired; keys list shows them all.`)
    finish(opened, rotated.list, { file, secret, key: rotated.key.text })
    const expiresOf = (one: string) => rotated.list.keys.find((key) => key.id === one)?.expires
    console.error(`Its id is ${rotated.key.id}. The key ${id} is valid until ${expiresOf(id)}.`)
    const ends = expiresOf(rotated.key.id)
    if (ends !== undefined) console.error(`The new key expires as the former would have: at ${ends}.`)
    return exitCodes.done
  },
})

export const keysRevokeCommand: Command = defineCommand({
  name: 'keys revoke',
  summary: 'end a key',
  details: 'Revokes the key with the id for good. It stays in the list.',
  arguments: { id: idArgument },
  options: { file: fileOption, secret: secretOption },
  environment: {},
  async run({ id, file, secret }) {
    const opened = openFile(file)
    const changed = revokeKey(opened.list, id, new Date())
    if (!changed) throw new StartError(`No key has the id ${id}; keys list shows them all.`)
    finish(opened, changed, { file, secret })
    console.error(`The key ${id} is revoked. Running logs reject it as soon as they read the file again.`)
    return exitCodes.done
  },
})

type Finish = { file: string; secret: string | undefined; key?: string }

/** Writes the file, and prints the Secret if one is wanted; a key that cannot be kept is not shown. */
function finish(opened: OpenedFile, changed: AccessList, { file, secret, key }: Finish): void {
  if (file === standardInput && secret === undefined) {
    throw new StartError('What comes from standard input cannot be changed there; --secret NAME prints it as a Secret.')
  }
  opened.write(changed)
  if (secret !== undefined) console.log(secretText(secret, changed))
  if (key !== undefined) (secret === undefined ? console.log : console.error)(key)
}

/** kubectl takes JSON as well as YAML. */
const secretText = (name: string, list: AccessList) =>
  JSON.stringify(
    { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: { [nameInFolder]: accessText(list) } },
    null,
    2,
  )
