import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '@activity-log/shared/config.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'
import { anHttpSink } from '@activity-log/shared/testing/http-sink.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'
import { openDeliveryToken } from './delivery-token.ts'
import { openSink } from './sink.ts'

const never = () => new AbortController().signal
const request = { headers: { 'ce-id': 'a' }, body: Buffer.from('{}') }

test('each delivery carries the token that is in the file at its time', async () => {
  await using server = await anHttpSink()
  const file = join(aFolder(), 'token')
  writeFileSync(file, 'a.b.c\n')
  let ms = 0
  using sink = openSink(server.url, await openDeliveryToken(file, silent, () => ms))
  await sink.send(request, never)
  writeFileSync(file, 'later.b.c')
  ms += 1_000
  await sink.send(request, never)
  writeFileSync(file, '')
  ms += 1_000
  await sink.send(request, never)
  expect(server.received.map(({ headers }) => headers['authorization'])).toEqual([
    'Bearer a.b.c',
    'Bearer later.b.c',
    'Bearer later.b.c',
  ])
})

test('without a token there is no header', async () => {
  await using server = await anHttpSink()
  using sink = openSink(server.url)
  await sink.send(request, never)
  expect(server.received[0]?.headers).not.toHaveProperty('authorization')
})

test.each(['', 'no token', 'a.b.c\nd', 'a.b'])('a file with %j is a mistake in the configuration', async (text) => {
  const file = join(aFolder(), 'token')
  writeFileSync(file, text)
  await expect(openDeliveryToken(file, silent)).rejects.toThrow(ConfigError)
  await expect(openDeliveryToken(`${file}-missing`, silent)).rejects.toThrow(/DELIVERY_TOKEN_FILE must name a file/)
})
