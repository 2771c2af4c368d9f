import type { FoundActivity } from '@activity-log/shared/document.ts'
import { answerOf, recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openTestStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { describe, expect, test } from 'vitest'
import { createApp } from './app.ts'

const at = (minute: number) => `2024-01-15T10:${String(minute).padStart(2, '0')}:00Z`

async function query(activities: Parameters<typeof recorded>[0][]) {
  const store = openTestStore()
  await store.save(activities.map((activity) => recorded(activity)))
  const app = createApp({ store, log: silent, now: () => new Date() })
  return (url: string, headers: Record<string, string> = {}, method = 'GET') => app.request(url, { headers, method })
}

describe('one activity', () => {
  test('has a strong entity tag, and is revalidated each time', async () => {
    const get = await query([{ id: 'a' }, { id: 'b' }])
    const [one, other] = [await get('/logs/a'), await get('/logs/b')]
    expect(one.headers.get('etag')).toMatch(/^"[\w-]+"$/)
    expect(one.headers.get('etag')).not.toBe(other.headers.get('etag'))
    expect(one.headers.get('cache-control')).toBe('private, no-cache')
    expect(one.headers.get('content-type')).toBe('application/json')
  })

  test.each(['GET', 'HEAD'])('that the client already has is a 304 in answer to %s', async (method) => {
    const get = await query([{ id: 'a' }])
    const tag = (await get('/logs/a')).headers.get('etag')!
    const response = await get('/logs/a', { 'if-none-match': `"other", W/${tag}` }, method)
    expect([response.status, await response.text(), response.headers.get('etag')]).toEqual([304, '', tag])
    expect(response.headers.get('cache-control')).toBe('private, no-cache')
    expect(response.headers.get('content-type')).toBeNull()
  })

  test('that the client does not have is sent', async () => {
    const get = await query([{ id: 'a' }])
    const response = await get('/logs/a', { 'if-none-match': '"other"' })
    expect([response.status, (await answerOf(response)).id]).toEqual([200, 'a'])
  })

  test('that does not exist is a 404, whatever the client has', async () => {
    const get = await query([])
    expect((await get('/logs/a', { 'if-none-match': '*' })).status).toBe(404)
  })
})

describe('the context of an activity', () => {
  const ann = Array.from({ length: 50 }, (_, n) => ({ id: `ann-${n}`, userId: 'ann', timestamp: at(n) }))
  const bob = Array.from({ length: 50 }, (_, n) => ({ id: `bob-${n}`, userId: 'bob', timestamp: at(n) }))
  const contextOf = async (response: Response) => {
    const { activity, before, after } = (await response.json()) as {
      activity: FoundActivity
      before: FoundActivity[]
      after: FoundActivity[]
    }
    const ids = (activities: FoundActivity[]) => activities.map(({ id }) => id)
    return { activity: activity.id, before: ids(before), after: ids(after) }
  }
  const annFrom = (first: number, last: number) => ann.slice(first, last + 1).map(({ id }) => id)

  test('is what its user did just before and after, in order of time', async () => {
    const get = await query([...ann, ...bob])
    expect(await contextOf(await get('/logs/ann-25/context?around=3'))).toEqual({
      activity: 'ann-25',
      before: annFrom(22, 24),
      after: annFrom(26, 28),
    })
  })

  test('has twenty activities on each side by default', async () => {
    const get = await query([...ann, ...bob])
    const { before, after } = await contextOf(await get('/logs/ann-25/context'))
    expect([before, after]).toEqual([annFrom(5, 24), annFrom(26, 45)])
  })

  test('ends where the log does', async () => {
    const get = await query([...ann, ...bob])
    expect(await contextOf(await get('/logs/ann-0/context?around=1'))).toMatchObject({ before: [], after: ['ann-1'] })
    expect(await contextOf(await get('/logs/ann-49/context?around=1'))).toMatchObject({ before: ['ann-48'], after: [] })
  })

  test('has each activity of the same time on one side', async () => {
    const same = Array.from({ length: 9 }, (_, n) => ({ id: `id/${n}`, timestamp: '2024-01-15T12:00:00.5+02:00' }))
    const get = await query(same)
    for (const { id } of same) {
      const { activity, before, after } = await contextOf(await get(`/logs/${encodeURIComponent(id)}/context`))
      expect(activity).toBe(id)
      expect([...before, activity, ...after].toSorted()).toEqual(same.map((each) => each.id))
    }
  })

  test('of an unknown activity is a 404', async () => {
    const get = await query(ann)
    expect((await get('/logs/none/context')).status).toBe(404)
  })

  test.each([
    'around=0',
    'around=101',
    'around=',
    'around=2&around=2',
    'limit=2',
    'userId=bob',
  ])('is rejected with the name of the parameter: %s', async (parameters) => {
    const get = await query(ann)
    const response = await get(`/logs/ann-1/context?${parameters}`)
    const [name] = parameters.split('=')
    expect([response.status, (await answerOf(response)).errors[0]?.pointer]).toEqual([400, name])
  })

  test('takes no other method', async () => {
    const get = await query(ann)
    const response = await get('/logs/ann-1/context', {}, 'POST')
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })
})
