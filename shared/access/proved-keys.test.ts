import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import type { Route } from '../http/route.ts'
import { accessOf, anAccessFile } from '../testing/access.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heapBytes(): number {
  collect()
  return process.memoryUsage().heapUsed
}

const read: Route = { scope: 'read', handle: async () => ({ status: 204 }) }

test('the headers that prove a key take no memory, whatever space is in them', () => {
  const { path, keys } = anAccessFile({ acme: { tenant: 'acme' } })
  const { authenticate } = accessOf(path)
  const ask = (authorization: string) => {
    const header = (name: string) => (name === 'authorization' ? authorization : undefined)
    return authenticate({ url: '/logs', method: 'GET', header } as Parameters<typeof authenticate>[0], read)
  }
  const before = heapBytes()
  for (let n = 0; n < 900; n++) {
    const bytes = Buffer.from(`Bearer ${' '.repeat(10_000 + n)}${keys.acme}`)
    expect(ask(bytes.toString('latin1'))).toHaveProperty('tenant', 'acme')
  }
  expect(heapBytes() - before).toBeLessThan(3 * 1024 * 1024)
})
