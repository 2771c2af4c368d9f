import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { revokeKey } from '@activity-log/shared/access/change-list.ts'
import { writeAccess } from '@activity-log/shared/testing/access.ts'
import { anActivity, until } from '@activity-log/shared/testing/builders.ts'
import { expect, test } from 'vitest'
import { aLogWithKeys } from './a-log-with-keys.ts'

const body = JSON.stringify(anActivity())

/** Sends all but the end of a request, and later the end; a Host in capitals takes the other way through. */
function begin(origin: string, path: string, { host, key }: { host: string; key: string }) {
  const { port } = new URL(origin)
  const socket = connect(Number(port), '127.0.0.1')
  const lines = [`POST ${path} HTTP/1.1`, `Host: ${host}:${port}`, `Authorization: Bearer ${key}`, 'Connection: close']
  const about = ['Content-Type: application/json', `Content-Length: ${body.length}`, '', body.slice(0, 10)]
  socket.write([...lines, ...about].join('\r\n'))
  const answer = text(socket)
  return async () => {
    socket.write(body.slice(10))
    return (await answer).slice(9, 12)
  }
}

test.each([
  'localhost',
  'LOCALHOST',
])('what arrives after a key was revoked, or its tenant suspended, is not taken: %s', {
  timeout: 60_000,
}, async (host) => {
  await using log = await aLogWithKeys({
    revoked: { tenant: 'shop', scopes: ['write', 'operate'] },
    stopped: { tenant: 'initech' },
    valid: { tenant: 'shop' },
  })
  const since = performance.now()
  const endOf = (path: string, name: keyof typeof log.keys) => begin(log.origin, path, { host, key: log.keys[name] })
  const ends = [
    endOf('/logs', 'revoked'),
    endOf('/logs/batch', 'revoked'),
    endOf('/receipts', 'revoked'),
    endOf('/logs', 'stopped'),
    endOf('/logs', 'valid'),
  ]
  // the bodies are late, and their requests were let in long ago
  await until(() => performance.now() - since > 1_500)
  const list = revokeKey(log.list, log.ids.revoked, new Date()) ?? log.list
  writeAccess(log.path, { ...list, suspended: ['initech'] })
  log.lookAgain()
  expect(await Promise.all(ends.map((end) => end()))).toEqual(['401', '401', '401', '403', '202'])
})
