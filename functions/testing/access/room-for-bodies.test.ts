import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { anActivity } from '@activity-log/shared/testing/builders.ts'
import { expect, test } from 'vitest'
import { aLogWithKeys } from './a-log-with-keys.ts'

const kibibyte = 1024

/** Sends a part of a body of a type; a Host in capitals takes the other way through. */
function begin(origin: string, host: string, { path, type, more }: { path: string; type: string; more: string[] }) {
  const { port } = new URL(origin)
  const socket = connect(Number(port), '127.0.0.1')
  socket.on('error', () => {})
  const lines = [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}:${port}`,
    `Content-Type: ${type}`,
    'Connection: close',
    ...more,
  ]
  return {
    answer: text(socket).catch(() => ''),
    send: (part: string) => new Promise((resolve) => socket.write(part, resolve)),
    start: (length: number) => socket.write([...lines, `Content-Length: ${length}`, '', ''].join('\r\n')),
    [Symbol.dispose]: () => socket.destroy(),
  }
}

test.each([
  'localhost',
  'LOCALHOST',
])('no tenant, and nobody without a key, takes the room for bodies: %s', async (host) => {
  await using log = await aLogWithKeys(
    { flood: { tenant: 'flood' }, quiet: { tenant: 'quiet' } },
    { atOnce: { bodyBytes: 512 * kibibyte } },
  )
  using opened = new DisposableStack()
  const keyOf = (name: keyof typeof log.keys) => [`Authorization: Bearer ${log.keys[name]}`]
  const json = { path: '/logs', type: 'application/json' }
  const form = { path: '/login', type: 'application/x-www-form-urlencoded' }
  const own = [`Origin: ${log.origin}`, 'Sec-Fetch-Site: same-origin']
  const partOf = async (kibibytes: number, options: Parameters<typeof begin>[2]) => {
    const { start, send } = opened.use(begin(log.origin, host, options))
    start((kibibytes + 1) * kibibyte)
    for (let n = 0; n < kibibytes; n++) await send(' '.repeat(kibibyte))
  }
  await Promise.all([
    ...Array.from({ length: 10 }, () => partOf(48, { ...json, more: keyOf('flood') })),
    ...Array.from({ length: 20 }, () => partOf(15, { ...form, more: own })),
  ])
  const whole = JSON.stringify(
    Array.from({ length: 60 }, () => anActivity({ metadata: { text: 'x'.repeat(2 * kibibyte) } })),
  )
  const quiet = opened.use(begin(log.origin, host, { ...json, more: keyOf('quiet') }))
  quiet.start(whole.length)
  await quiet.send(whole.slice(0, 70 * kibibyte))
  await quiet.send(whole.slice(70 * kibibyte))
  expect((await quiet.answer).slice(9, 12)).toBe('202')
})
