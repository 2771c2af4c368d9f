import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { hashOfKey, hashOfSecret, sessionSecretOf, toKey } from './key.ts'
import { isSessionOf, newSession, readSession, type Session, sessionCookie, sessionMs } from './session.ts'

const ofPerson = toKey('A1b2C3d4E5f', 's'.repeat(43))
const key = { id: ofPerson.id, hash: hashOfKey(ofPerson), sessionHash: hashOfSecret(sessionSecretOf(ofPerson)) }
const began = Date.UTC(2027, 0, 1)
const cookie = (value: string) => `${sessionCookie}=${value}`
const made = newSession(ofPerson, key, began)
const session = readSession(cookie(made)) as Session

test('a session holds for eight hours, to the millisecond', () => {
  expect(session).toMatchObject({ keyId: key.id, beganAt: began })
  expect(isSessionOf(session, key, began)).toBe(true)
  expect(isSessionOf(session, key, began + sessionMs - 1)).toBe(true)
  expect(isSessionOf(session, key, began + sessionMs)).toBe(false)
})

test('a clock that is set back does not prolong a session', () => {
  expect(isSessionOf(session, key, began - 60_000)).toBe(true)
  expect(isSessionOf(session, key, began - 60_001)).toBe(false)
  expect(isSessionOf(session, key, Number.NaN)).toBe(false)
})

test('a session ends with the key that it was made of', () => {
  expect(isSessionOf(session, { ...key, hash: 'i'.repeat(43) }, began)).toBe(false)
  expect(isSessionOf(session, { ...key, sessionHash: 'i'.repeat(43) }, began)).toBe(false)
  expect(isSessionOf(session, { ...key, id: 'A1b2C3d4E5g' }, began)).toBe(false)
})

test('no part of a session can be changed', () => {
  const [id = '', moment = '', secret = '', proof = ''] = made.split('.')
  const later = (began + 1000).toString(36)
  for (const forged of [
    `A1b2C3d4E5g.${moment}.${secret}.${proof}`,
    `${id}.${later}.${secret}.${proof}`,
    `${id}.0${moment}.${secret}.${proof}`,
    `${id}.${moment}.${'A'.repeat(43)}.${proof}`,
    `${id}.${moment}.${secret}.${'A'.repeat(43)}`,
  ]) {
    const read = readSession(cookie(forged)) as Session
    expect(read, forged).toBeDefined()
    expect(isSessionOf(read, { ...key, id: read.keyId }, began), forged).toBe(false)
  }
})

test('whoever reads the access file can make no session', () => {
  // the file has both hashes, and so the key of the proof, but not what the second one is the hash of
  const signed = `${key.id}.${began.toString(36)}.${key.sessionHash}`
  const proof = createHmac('sha256', key.hash).update(`activity-log session ${signed}`).digest('base64url')
  expect(isSessionOf(readSession(cookie(`${signed}.${proof}`)) as Session, key, began)).toBe(false)
})

test('whoever steals a cookie cannot make one that lasts longer', () => {
  const later = `${key.id}.${(began + sessionMs).toString(36)}.${session.secret}`
  for (const known of [session.secret, session.proof, key.sessionHash]) {
    const proof = createHmac('sha256', known).update(`activity-log session ${later}`).digest('base64url')
    expect(isSessionOf(readSession(cookie(`${later}.${proof}`)) as Session, key, began + sessionMs)).toBe(false)
  }
})

test('what is not a session is none', () => {
  const [id = '', moment = '', secret = '', proof = ''] = made.split('.')
  const rest = `${secret}.${proof}`
  for (const value of ['', id, `${id}.${moment}.${secret}`, `${made}.`, `${id}.-1.${rest}`, `"${made}"`]) {
    expect(readSession(cookie(value)), value).toBeUndefined()
  }
  expect(readSession(undefined)).toBeUndefined()
  expect(readSession(`x${sessionCookie}=${made}`)).toBeUndefined()
  expect(readSession(`${sessionCookie.toLowerCase()}=${made}`)).toBeUndefined()
  expect(readSession(`${cookie(made)}; ${cookie(made)}`)).toBeUndefined()
  expect(readSession(`theme=dark; ${cookie(made)};zone=UTC`)).toEqual(session)
})
