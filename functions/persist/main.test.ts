import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { aRecord, delivery } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startProgram, written } from '@activity-log/shared/testing/processes.ts'
import { SignJWT } from 'jose'
import { expect, test } from 'vitest'

const base = { PORT: '0', MONGODB_URI: 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100', LOG_LEVEL: 'info' }
const trust = {
  DELIVERY_ISSUER: 'https://kubernetes',
  DELIVERY_AUDIENCE: 'persist.activity-log',
  DELIVERY_SUBJECTS: 'system:serviceaccount:activity-log:one,system:serviceaccount:activity-log:two',
}
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwks = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'a', alg: 'ES256', use: 'sig' }] })
const tokenOf = (name: string) =>
  new SignJWT({ sub: `system:serviceaccount:activity-log:${name}` })
    .setProtectedHeader({ alg: 'ES256', kid: 'a' })
    .setIssuer(trust.DELIVERY_ISSUER)
    .setAudience(trust.DELIVERY_AUDIENCE)
    .setExpirationTime('1h')
    .sign(privateKey)

test('the program takes deliveries of dispatchers alone, once it is told how to tell them from others', async () => {
  const file = join(aFolder(), 'jwks.json')
  writeFileSync(file, jwks)
  await using persist = await startProgram('functions/persist/main.ts', { ...base, ...trust, DELIVERY_JWKS: file })
  const port = await written(persist, /"port":(\d+)/)
  const { headers, ...request } = delivery(aRecord())
  const deliver = async (token?: string) => {
    const sent = { ...(headers as { [name: string]: string }), ...(token && { authorization: `Bearer ${token}` }) }
    const response = await fetch(`http://127.0.0.1:${port}/`, { ...request, headers: sent })
    return `${response.status} ${((await response.json()) as { detail: string }).detail}`
  }
  expect(await deliver()).toBe('503 The delivery was not taken, because it came without a token.')
  expect(await deliver(await tokenOf('default'))).toMatch(/^403 /)
  // there is no database
  expect(await deliver(await tokenOf('two'))).toBe('503 The store did not save the activity.')
})

test('a program that knows only half of the rules does not start', async () => {
  await using persist = await startProgram('functions/persist/main.ts', { ...base, ...trust })
  expect(await persist.ended).toBe(78)
  expect(persist.output()).toContain('DELIVERY_JWKS is required with DELIVERY_ISSUER')
})
