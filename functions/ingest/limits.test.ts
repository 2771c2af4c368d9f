import { accessOf, anAccessFile, bearer, writeAccess } from '@activity-log/shared/testing/access.ts'
import { anActivity, post, silent } from '@activity-log/shared/testing/builders.ts'
import { openWay, ways } from '@activity-log/shared/testing/ways.ts'
import { describe, expect, test } from 'vitest'
import { createApp } from './app.ts'

const many = (count: number) => Array.from({ length: count }, (_, n) => anActivity({ id: `id-${n}` }))

describe.each(ways)('%s:', (name) => {
  async function ingest(
    given = anAccessFile({ a: { rate: 100 }, b: {} }, { limits: { default: 1_000, tenants: {} } }),
  ) {
    const way = await openWay(name)
    let offset = 0
    const publish = async (records: readonly unknown[]) => records.map(() => ({ partition: 0, offset: offset++ }))
    let ms = 0
    const access = accessOf(given.path, { clock: () => ms })
    const app = createApp({ broker: { publish }, log: silent, now: () => new Date(), newId: () => 'id', access })
    const send = async (key: string, body: unknown, path = '/logs') => {
      const response = await way.request(app, path, post(body, bearer(key)))
      const { headers, status } = response
      await response.text()
      return [status, headers.get('ratelimit')?.replaceAll(/;t=\d+/g, '') ?? null, headers.get('ratelimit-policy')]
    }
    const later = (by: number) => {
      ms += by
    }
    return { ...given, send, later, published: () => offset, [Symbol.asyncDispose]: () => way[Symbol.asyncDispose]() }
  }

  test('a batch counts for all of its activities, of the key and of its tenant', async () => {
    await using log = await ingest()
    const policy = '"key";q=100;w=1, "tenant";q=1000;w=1'
    expect(await log.send(log.keys.a, many(300), '/logs/batch')).toEqual([202, '"key";r=0, "tenant";r=700', policy])
    expect(await log.send(log.keys.a, anActivity())).toEqual([429, '"key";r=0, "tenant";r=700', policy])
    expect(log.published()).toBe(300)
    expect(await log.send(log.keys.b, anActivity())).toEqual([202, '"tenant";r=699', '"tenant";q=1000;w=1'])
  })

  test('a rate that the file changes holds from then on', async () => {
    await using log = await ingest()
    const { path, list, keys } = log
    await log.send(keys.a, anActivity())
    writeAccess(path, { ...list, keys: list.keys.map((key) => ({ ...key, rate: 7 })), limits: { tenants: {} } })
    log.later(1_000)
    expect((await log.send(keys.a, anActivity()))[2]).toBe('"key";q=7;w=1')
  })
})
