import { type Answer, answerOf, post, silent } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startLog } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'
import { createGateway } from './gateway-app.ts'

/**
 * Follows a stream until it has shown `count` activities or ends. Resolves with their ids, the last event id, and
 * whether the stream ended.
 */
async function follow(response: Response, count = Number.POSITIVE_INFINITY) {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (;;) {
    const seen = [...text.matchAll(/^id: (\S+)\nevent: activity\ndata: (.+)\n\n/gm)].slice(0, count)
    const { value, done } = seen.length < count ? await reader.read() : { value: '', done: false }
    if (done || seen.length === count) {
      if (!done) await reader.cancel()
      const lastId = seen.at(-1)?.[1] ?? /^id: (\S+)/m.exec(text)?.[1]
      return { ids: seen.map(([, , data = '']) => (JSON.parse(data) as Answer).id), lastId, done }
    }
    text += value
  }
}

const activities = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => ({ id: `id-${from + n}`, userId: 'ann', action: 'login' }))

test('a client that resumes sees each activity once, even after a kill', {
  timeout: 60_000,
}, async () => {
  const folder = aFolder()
  const seen: string[] = []
  let lastId: string | undefined
  for (const [round, signal] of (['SIGTERM', 'SIGKILL'] as const).entries()) {
    await using log = await startLog(folder)
    const gateway = createGateway({ ingest: log.origin, persist: log.origin, query: log.origin, log: silent })
    const headers = { ...(lastId && { 'last-event-id': lastId }) }
    const response = await gateway.request('/live?userId=ann', { headers })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const following = follow(response)
    const { results } = await answerOf(
      await fetch(`${log.origin}/logs`, post(activities(50 * round, 50 * (round + 1)))),
    )
    await fetch(`${log.origin}/logs?receipt=${results.at(-1)?.receipt}&wait=10`)
    log.child.kill(signal)
    if (signal === 'SIGTERM') {
      const stream = await following
      expect(stream.done).toBe(true)
      seen.push(...stream.ids)
      lastId = stream.lastId
      expect(await log.ended).toBe(0)
    } else {
      await expect(following).rejects.toThrow()
    }
  }
  await using log = await startLog(folder)
  await fetch(`${log.origin}/logs`, post(activities(100, 110)))
  const missing = 110 - seen.length
  const response = await fetch(`${log.origin}/live?userId=ann`, { headers: { 'last-event-id': lastId as string } })
  seen.push(...(await follow(response, missing)).ids)
  expect(seen.toSorted()).toEqual(
    activities(0, 110)
      .map(({ id }) => id)
      .toSorted(),
  )
})
