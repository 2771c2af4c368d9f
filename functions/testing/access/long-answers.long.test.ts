import { revokeKey, rotateKey } from '@activity-log/shared/access/change-list.ts'
import { sessionMs } from '@activity-log/shared/access/session.ts'
import { writeAccess } from '@activity-log/shared/testing/access.ts'
import { post } from '@activity-log/shared/testing/builders.ts'
import { expect, test } from 'vitest'
import { aLogWithKeys } from './a-log-with-keys.ts'

const hourMs = 3_600_000

async function aLog() {
  const clock = { ms: Date.now() }
  const log = await aLogWithKeys(
    {
      reader: { tenant: 'shop', scopes: ['read'] },
      brief: { tenant: 'shop', scopes: ['read'], expires: new Date(clock.ms + hourMs).toISOString() },
      other: { tenant: 'shop', scopes: ['read', 'write'] },
      operator: { tenant: '*', scopes: ['read'] },
    },
    { now: () => clock.ms },
  )
  /** Follows the log, and resolves once the stream has begun. */
  async function follow(headers: { [name: string]: string }, path = '/live') {
    const response = await fetch(log.origin + path, { headers })
    expect(response.status).toBe(200)
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = (await reader.read()).value ?? ''
    async function until(part: string | undefined): Promise<string> {
      while (part === undefined || !text.includes(part)) {
        const { value, done } = await reader.read()
        if (done) return text
        text += value
      }
      return text
    }
    return { ended: () => until(undefined), shows: until, leave: () => reader.cancel() }
  }
  const change = (list: typeof log.list | undefined) => {
    writeAccess(log.path, list ?? log.list)
    log.lookAgain()
  }
  const later = (ms: number) => {
    clock.ms += ms
  }
  return Object.assign(log, { follow, change, later })
}
type Log = Awaited<ReturnType<typeof aLog>>

test.each<[what: string, key: 'reader' | 'brief', end: (log: Log) => void]>([
  ['is revoked', 'reader', (log) => log.change(revokeKey(log.list, log.ids.reader, new Date()))],
  ['expires', 'brief', (log) => log.later(hourMs)],
  [
    'was rotated, and its overlap is over',
    'reader',
    (log) => log.change(rotateKey(log.list, log.ids.reader, { now: new Date(), until: new Date(0) })?.list),
  ],
  ['is removed', 'reader', (log) => log.change(withKeys(log, ({ id }) => id !== log.ids.reader))],
  [
    'becomes that of another tenant',
    'reader',
    (log) => log.change(changed(log, (key) => ({ ...key, tenant: 'bakery' }))),
  ],
  ['may no longer read', 'reader', (log) => log.change(changed(log, (key) => ({ ...key, scopes: ['write'] })))],
])(
  'streams of a key and of its sessions end when the key %s, and others go on',
  { timeout: 60_000 },
  async (_, name, end) => {
    await using log = await aLog()
    const [own, session, other] = await Promise.all([
      log.follow(log.as(log.keys[name])),
      log.signIn(log.keys[name]).then(log.follow),
      log.follow(log.as(log.keys.other)),
    ])
    end(log)
    await Promise.all([own.ended(), session.ended()])
    const headers = { 'content-type': 'application/json', ...log.as(log.keys.other) }
    const sent = await fetch(`${log.origin}/logs`, {
      ...post({ id: 'after', userId: 'ann', action: 'login' }),
      headers,
    })
    expect(sent.status).toBe(202)
    expect(await other.shows('"after"')).toContain('"after"')
    await other.leave()
    expect(await own.ended()).not.toContain('"after"')
  },
)

const withKeys = ({ list }: Log, isKept: (key: Log['list']['keys'][number]) => boolean) => ({
  ...list,
  keys: list.keys.filter(isKept),
})
function changed({ list, ids }: Log, change: (key: Log['list']['keys'][number]) => Log['list']['keys'][number]) {
  return { ...list, keys: list.keys.map((key) => (key.id === ids.reader ? change(key) : key)) }
}

test('streams of a session end with it, although its key stays valid', async () => {
  await using log = await aLog()
  const [session, own] = await Promise.all([
    log.signIn(log.keys.reader).then(log.follow),
    log.follow(log.as(log.keys.reader)),
  ])
  log.later(sessionMs)
  await session.ended()
  log.change(revokeKey(log.list, log.ids.reader, new Date()))
  await own.ended()
})

test("an operator's stream ends with the key, too", async () => {
  await using log = await aLog()
  const stream = await log.follow(log.as(log.keys.operator), '/live?tenant=shop')
  log.change(revokeKey(log.list, log.ids.operator, new Date()))
  await stream.ended()
})

test('who waits for a record gets no answer when the key has been revoked meanwhile', async () => {
  await using log = await aLog()
  const as = log.as(log.keys.reader)
  const receipt = 'AQAAAAAAAAAAAAAAAaIQMHYH'
  const paths = [`/receipts/${receipt}?wait=2`, `/logs?receipt=${receipt}&wait=2`]
  const waiting = paths.map((path) => fetch(log.origin + path, { headers: as }))
  const many = fetch(`${log.origin}/receipts?wait=2`, { ...post({ receipts: [receipt] }), headers: as })
  // this one has been let in after them
  expect((await fetch(`${log.origin}/receipts/${receipt}`, { headers: as })).status).toBe(200)
  log.change(revokeKey(log.list, log.ids.reader, new Date()))
  const answers = await Promise.all([...waiting, many])
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401])
})
