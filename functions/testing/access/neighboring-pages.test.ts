import { expect, test } from 'vitest'
import { aLogWithKeys } from './a-log-with-keys.ts'

test('no page of a neighboring host makes a browser export, read or follow the log with the session in it', async () => {
  await using log = await aLogWithKeys({ person: { tenant: 'shop', scopes: ['read'] } })
  const { cookie } = await log.signIn(log.keys.person)
  const statusOf = async (path: string, headers: { [name: string]: string }) => {
    const { status, body } = await log.open(path, { cookie, ...headers })
    await body?.cancel()
    return status
  }
  const ofNeighbor = { 'sec-fetch-site': 'same-site' }
  for (const path of ['/export?format=csv', '/logs', '/live', '/stats?by=action']) {
    expect([path, await statusOf(path, ofNeighbor)]).toEqual([path, 403])
    expect([path, await statusOf(path, { 'sec-fetch-site': 'same-origin' })]).toEqual([path, 200])
    // a person who types the address
    expect([path, await statusOf(path, { 'sec-fetch-site': 'none' })]).toEqual([path, 200])
    expect([path, await statusOf(path, {})]).toEqual([path, 200])
  }
  // links may lead to pages, and whoever has the key itself may send what they like
  expect(await statusOf('/', { ...ofNeighbor, 'sec-fetch-mode': 'navigate' })).toBe(200)
  expect(await statusOf('/logs', { ...ofNeighbor, ...log.as(log.keys.person) })).toBe(200)
})
