import { anActivity, answerOf, post } from '@activity-log/shared/testing/builders.ts'
import { startProgram, written } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'

const start = (environment: NodeJS.ProcessEnv) =>
  startProgram('functions/ingest/main.ts', { PORT: '0', ...environment })

test('names every mistake in its configuration and exits with 78', async () => {
  await using ingest = start({ KAFKA_BROKERS: 'kafka', KAFKA_TLS: 'on' })
  expect(await ingest.ended).toBe(78)
  expect(ingest.output()).toMatch(/^Invalid configuration:\n {2}KAFKA_BROKERS .*\n {2}KAFKA_TLS .*\n$/)
})

test('serves without Kafka: it is healthy, and its 503 says what to do', async () => {
  await using ingest = start({ KAFKA_BROKERS: '127.0.0.1:1' })
  const origin = `http://localhost:${await written(ingest, /"port":(\d+)/)}`
  expect((await fetch(`${origin}/healthz`)).status).toBe(200)
  const response = await fetch(`${origin}/logs`, post(anActivity()))
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('1')
  expect((await answerOf(response)).detail).toContain('Send it again')
  await written(ingest, /KAFKA_BROKERS/)
  ingest.child.kill('SIGTERM')
  expect(await ingest.ended).toBe(0)
})
