import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ConfigError } from '../config.ts'
import { anAccessFile, writeAccess } from '../testing/access.ts'
import { silent } from '../testing/builders.ts'
import { aFolder } from '../testing/processes.ts'
import { openAccessFile } from './access-file.ts'
import { emptyAccessList, maxFileBytes, readAccessList } from './access-list.ts'
import { newKey } from './key.ts'

function opened(path: string) {
  let at = 0
  const errors: object[] = []
  const log = { ...silent, error: (fields: object) => errors.push(fields) }
  const file = openAccessFile({ path, log, clock: () => at })
  const names = () => file.current().keys.map(({ name }) => name)
  return {
    ...file,
    names,
    errors,
    pass: (ms: number) => {
      at += ms
    },
  }
}

test('is looked at again after a second, and not before', () => {
  const { path } = anAccessFile({ one: {} })
  const file = opened(path)
  writeAccess(path, anAccessFile({ two: {} }).list)
  file.pass(999)
  expect(file.names()).toEqual(['one'])
  file.pass(1)
  expect(file.names()).toEqual(['two'])
})

const broken: { [what: string]: (path: string) => void } = {
  'is gone': (path) => rmSync(path),
  'is empty': (path) => truncateSync(path),
  'is half-written': (path) => truncateSync(path, 100),
  'is not JSON': (path) => writeFileSync(path, 'keys'),
  'is an array': (path) => writeFileSync(path, '[]'),
  'has an unknown member': (path) => writeFileSync(path, JSON.stringify({ ...emptyAccessList, kyes: [] })),
  'has a key without a hash': (path) => writeFileSync(path, JSON.stringify({ keys: [{ id: 'abcdefghijk' }] })),
  'is enormous': (path) => writeFileSync(path, ' '.repeat(maxFileBytes + 1)),
  'is a folder without a file': (path) => {
    rmSync(path)
    mkdirSync(path)
  },
  'has one id twice': (path) => {
    const [key] = anAccessFile({ one: {} }).list.keys
    writeFileSync(path, JSON.stringify({ keys: [key, key] }))
  },
  'has a key of $system': (path) => {
    const [key] = anAccessFile({ one: {} }).list.keys
    writeFileSync(path, JSON.stringify({ keys: [{ ...key, tenant: '$system' }] }))
  },
  'has a scope that no key has': (path) => {
    const [key] = anAccessFile({ one: {} }).list.keys
    writeFileSync(path, JSON.stringify({ keys: [{ ...key, scopes: ['deliver'] }] }))
  },
}

test.each(Object.entries(broken))('a file that %s keeps the old keys, is logged and counted', (_what, breakIt) => {
  const { path, list } = anAccessFile({ one: {} })
  const file = opened(path)
  breakIt(path)
  file.pass(1000)
  expect(file.names()).toEqual(['one'])
  expect(file.failures()).toBe(1)
  expect(file.errors).toHaveLength(1)
  file.pass(1000)
  file.current()
  expect(file.failures()).toBe(1)

  rmSync(path, { recursive: true, force: true })
  const [key] = list.keys
  writeAccess(path, { ...list, keys: [{ ...(key as NonNullable<typeof key>), name: 'repaired' }] })
  file.pass(1000)
  expect(file.names()).toEqual(['repaired'])
})

test.each(Object.entries(broken))('a file that %s ends the start', (_what, breakIt) => {
  const { path } = anAccessFile({ one: {} })
  breakIt(path)
  expect(() => opened(path)).toThrow(ConfigError)
})

test('the reason shows nothing of the file', () => {
  const { path } = anAccessFile({ one: {} })
  const file = opened(path)
  writeFileSync(path, '{"keys":[{"id":"als_secret"}]}')
  file.pass(1000)
  file.current()
  expect(JSON.stringify(file.errors)).not.toContain('als_secret')
})

test('no reason shows a key, wherever somebody has put it', () => {
  const { text } = newKey()
  const { list } = anAccessFile({ one: {} })
  const [key] = list.keys
  for (const wrong of [
    { ...list, revoked: { [text]: '2024-01-01T00:00:00Z' } },
    { ...list, limits: { tenants: { [`$${'x'.repeat(60)}${text}`]: 1 } } },
    { ...list, [text]: true },
    { keys: [{ ...key, [text]: true }] },
  ]) {
    const reason = readAccessList(JSON.stringify(wrong))
    expect(reason).toMatch(/als_\w{11}…/)
    expect(reason).not.toMatch(/als_\w{11}_/)
  }
  expect(() => opened(text)).toThrow(/ACCESS_FILE als_\w{11}… cannot be read/)
})

test('a suspension or a revocation that JSON would pass over is not passed over', () => {
  const { path, list, ids } = anAccessFile({ one: {} }, { suspended: ['initech'] })
  const revoked = { [ids.one]: '2024-01-01T00:00:00Z' }
  for (const more of ['"suspended":[]', '"revoked" : {}', '"limits":{}', '"keys":[]']) {
    writeFileSync(path, JSON.stringify({ ...list, revoked }).replace(/}$/, `,${more}}`))
    expect(() => opened(path)).toThrow(`has ${more.slice(0, more.indexOf('"', 1) + 1)} twice`)
  }
})

test('a member that is twice in a key, or anywhere else, is not passed over', () => {
  const { text: key } = newKey()
  const { list, ids } = anAccessFile({ one: { tenant: 'acme', expires: '2024-01-01T00:00:00Z' } })
  const tenants = { [key]: 1 }
  const text = JSON.stringify({ ...list, revoked: { [ids.one]: '2024-01-01T00:00:00Z' }, limits: { tenants } })
  expect(readAccessList(text)).toBeTypeOf('object')
  for (const [first, second, reason] of [
    ['"expires":', '"expires":"2124-01-01T00:00:00Z","expires":', '/keys/0 has "expires" twice'],
    ['"tenant":', '"tenan\\u0074":"*", "tenant" :', '/keys/0 has "tenant" twice'],
    ['"hash":', `"hash":"${key}","hash":`, '/keys/0 has "hash" twice'],
    ['"keys":', '"k\\u0065ys":[],"keys":', 'has "keys" twice'],
    [`"${ids.one}":"`, `"${ids.one}":1,"${ids.one}":"`, `/revoked has "${ids.one}" twice`],
    [`"${key}":`, `"${key}":2,"${key}":`, `/limits/tenants has "als_${key.slice(4, 15)}…" twice`],
  ] as const)
    expect(readAccessList(text.replace(first, second))).toBe(reason)
})

test('a tenant, a key and a user may be named like a member', () => {
  const limits = { tenants: { keys: 1, revoked: 2, suspended: 3, limits: 4 } }
  const { path } = anAccessFile(
    { keys: { tenant: 'revoked', name: '"limits":' } },
    { suspended: ['suspended'], limits },
  )
  expect(opened(path).current().limits).toEqual(limits)
})

test('tenants whose names differ in another encoding than UTF-8 are not taken for one', () => {
  const { path, list } = anAccessFile({ one: { tenant: 'M\u00fcller' }, two: { tenant: 'M\u00f6ller' } })
  writeFileSync(path, JSON.stringify(list), 'latin1')
  expect(() => opened(path)).toThrow('/keys/0/tenant must be the name of a tenant')
})

test('a file without keys is valid', () => {
  const path = join(aFolder(), 'access.json')
  writeAccess(path, emptyAccessList)
  expect(opened(path).names()).toEqual([])
})

test('follows the links of a mounted Secret', () => {
  const folder = aFolder()
  const write = (version: string, name: string) => {
    mkdirSync(join(folder, version))
    writeAccess(join(folder, version, 'access.json'), anAccessFile({ [name]: {} }).list)
    symlinkSync(version, join(folder, '..new'))
    renameSync(join(folder, '..new'), join(folder, '..data'))
  }
  write('..1', 'one')
  symlinkSync(join('..data', 'access.json'), join(folder, 'access.json'))
  const file = opened(folder)
  expect(file.names()).toEqual(['one'])
  write('..2', 'two')
  file.pass(1000)
  expect(file.names()).toEqual(['two'])
})

test.each([
  'constructor',
  '__proto__',
  'prototype',
  'toString',
])('a tenant named %s has the limit that it is given', (name) => {
  const { path, list } = anAccessFile({ one: {} })
  writeFileSync(
    path,
    JSON.stringify({ ...list, limits: {} }).replace('"limits":{}', `"limits":{"tenants":{"${name}":7}}`),
  )
  expect(Object.entries(opened(path).current().limits.tenants)).toEqual([[name, 7]])
})

test('no tenant is half of a surrogate pair: all of them would be the same in a store', () => {
  const { path, list } = anAccessFile({ one: {} })
  const [key] = list.keys
  for (const name of ['\ud800', 'a\udc00', '\ude00\ud83d']) {
    writeFileSync(path, JSON.stringify({ keys: [{ ...key, tenant: name }] }))
    expect(() => opened(path)).toThrow('must be the name of a tenant')
  }
  writeFileSync(path, JSON.stringify({ keys: [{ ...key, tenant: '\ud83d\ude00' }] }))
  expect(opened(path).current().keys).toHaveLength(1)
})

test.each([
  ['{"limits":{"tenants":{"a":0}}}', '/limits/tenants/a must be a whole number from 1'],
  ['{"limits":{"tenants":{"$system":1}}}', '/limits/tenants/$system is not a possible name'],
  ['{"limits":{"tenants":[]}}', '/limits/tenants must be an object'],
  ['{"revoked":{"x":"2024-01-01T00:00:00Z"}}', '/revoked/x is not a possible name'],
  ['{"revoked":{"abcdefghijk":"soon"}}', '/revoked/abcdefghijk must be a timestamp'],
])('a file with %s says what is wrong', (text, reason) => {
  const { path } = anAccessFile({ one: {} })
  writeFileSync(path, text.replace('{', '{"keys":[],'))
  expect(() => opened(path)).toThrow(reason)
})
