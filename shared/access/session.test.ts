import { expect, test } from 'vitest'
import { isSessionOf, newSession, readSession, type Session, sessionCookie, sessionMs } from './session.ts'

const key = { id: 'A1b2C3d4E5f', hash: 'h'.repeat(43) }
const began = Date.UTC(2027, 0, 1)
const cookie = (value: string) => `${sessionCookie}=${value}`
const made = newSession(key, began)
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
  expect(isSessionOf(session, { ...key, id: 'A1b2C3d4E5g' }, began)).toBe(false)
})

test('no part of a session can be changed', () => {
  const [id = '', moment = '', proof = ''] = made.split('.')
  const later = (began + 1000).toString(36)
  for (const forged of [
    `A1b2C3d4E5g.${moment}.${proof}`,
    `${id}.${later}.${proof}`,
    `${id}.0${moment}.${proof}`,
    `${id}.${moment}.${'A'.repeat(43)}`,
  ]) {
    const read = readSession(cookie(forged)) as Session
    expect(read, forged).toBeDefined()
    expect(isSessionOf(read, { ...key, id: read.keyId }, began), forged).toBe(false)
  }
})

test('what is not a session is none', () => {
  const [id = '', moment = '', proof = ''] = made.split('.')
  for (const value of ['', id, `${id}.${moment}`, `${id}.${moment}.${proof}.`, `${id}.-1.${proof}`, `"${made}"`]) {
    expect(readSession(cookie(value)), value).toBeUndefined()
  }
  expect(readSession(undefined)).toBeUndefined()
  expect(readSession(`x${sessionCookie}=${made}`)).toBeUndefined()
  expect(readSession(`${sessionCookie.toLowerCase()}=${made}`)).toBeUndefined()
  expect(readSession(`${cookie(made)}; ${cookie(made)}`)).toBeUndefined()
  expect(readSession(`theme=dark; ${cookie(made)};zone=UTC`)).toEqual(session)
})
