import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { anAccessFile, bearer } from '@activity-log/shared/testing/access.ts'
import { until } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startLog } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'

test('a key that a page of another site sends is logged as leaked, although the door turns the request away', {
  timeout: 60_000,
}, async () => {
  const { path, keys, ids } = anAccessFile({ page: { tenant: 'shop' }, program: { tenant: 'shop' } })
  await using log = await startLog(aFolder(), { ACCESS_FILE: path })
  const { port } = new URL(log.origin)
  // fetch sends no Origin of its own choice
  const ask = async (key: string, ...headers: string[]) => {
    const socket = connect(Number(port), '127.0.0.1')
    const lines = ['GET /logs HTTP/1.1', `Host: localhost:${port}`, `Authorization: ${bearer(key).authorization}`]
    socket.write(`${[...lines, ...headers, 'Connection: close'].join('\r\n')}\r\n\r\n`)
    return (await text(socket)).slice(9, 12)
  }
  expect(await ask(keys.program)).toBe('200')
  expect(await ask(keys.page, 'Origin: https://shop.example')).toBe('403')
  await until(() => log.output().includes('a key has leaked'))
  const [line = ''] = log
    .output()
    .split('\n')
    .filter((each) => each.includes('a key has leaked'))
  expect(JSON.parse(line)).toMatchObject({ keyId: ids.page, tenant: 'shop', place: 'origin' })
  expect(log.output()).not.toContain(keys.page.slice(16, 59))
  expect(log.output()).not.toContain(ids.program)
})
