import { createServer } from 'node:http'
import { answerOf, until } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startLog, startProgram, written } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'
import { activitiesOf } from './demo-activities.ts'

const day = Math.floor(Date.parse('2024-01-15T00:00:00Z') / 86_400_000)

test('makes the same activities for a day every time, in order and with distinct ids', () => {
  const activities = activitiesOf(day)
  expect(activities).toEqual(activitiesOf(day))
  expect(activities.length).toBeGreaterThan(50)
  expect(new Set(activities.map(({ id }) => id)).size).toBe(activities.length)
  expect(activities.map(({ timestamp }) => timestamp)).toEqual(activities.map(({ timestamp }) => timestamp).toSorted())
  expect(activities).not.toEqual(activitiesOf(day + 1))
})

test('fills a log and says where to look', async () => {
  await using log = await startLog(aFolder())
  const total = async () => (await answerOf(await fetch(`${log.origin}/logs?count=exact&limit=1`))).total
  await using demo = startProgram('functions/cli/main.ts', {}, 'demo', '--once', '--url', log.origin)
  expect(await demo.ended).toBe(0)
  expect(demo.output()).toContain(`See them at ${log.origin}/`)
  const sent = Number((await written(demo, /Sending ([\d,]+)/)).replaceAll(',', ''))
  expect(sent).toBeGreaterThan(2000)
  await until(async () => (await total()) === sent)
})

test('says so if no log answers', async () => {
  await using demo = startProgram('functions/cli/main.ts', {}, 'demo', '--url', 'http://localhost:9')
  expect(await demo.ended).toBe(69)
  expect(demo.output()).toContain('No activity log answers at http://localhost:9')
})

test('goes on when the log asks for a pause, or breaks off in the middle of an answer', async () => {
  let requests = 0
  await using server = createServer((request, response) => {
    request.resume().once('end', () => {
      if (request.url === '/healthz') return void response.end('{}')
      const attempt = ++requests
      if (attempt === 1) return void response.writeHead(429, { 'retry-after': '1' }).end('{"detail":"wait"}')
      response.writeHead(202, { 'content-length': 14 })
      if (attempt === 2) response.write('{"results', () => response.destroy())
      else response.end('{"results":[]}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const address = server.address()
  const origin = `http://localhost:${typeof address === 'object' ? address?.port : ''}`
  await using demo = startProgram('functions/cli/main.ts', {}, 'demo', '--once', '--url', origin)
  expect([await demo.ended, demo.output().match(/retrying/g)?.length]).toEqual([0, 2])
})
