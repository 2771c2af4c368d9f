import { anActivity, aRecord, delivery, post } from '@activity-log/shared/testing/builders.ts'
import { aDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { type Running, startProgram, written } from '@activity-log/shared/testing/processes.ts'
import { aTopic, kafkaBrokers, mongodbUri } from '@activity-log/shared/testing/servers.ts'
import { expect, test } from 'vitest'
import { aJourney, records } from '../source-journey.ts'
import { crashPoints } from './crash-point-list.ts'
import { withFaults } from './preload.ts'

const pointsIn = (part: 'ingest' | 'persist' | 'source') => crashPoints.filter((point) => point.in === part)

async function diesAt(name: string, program: Running) {
  expect(await program.ended).toBe('SIGKILL')
  expect(program.output()).toContain(`crashed at ${name}#1\n`)
}

test.each(pointsIn('ingest'))('ingest dies at $name, and the client gets no answer', async ({ name }) => {
  await using topic = await aTopic(1)
  const env = { KAFKA_BROKERS: kafkaBrokers.join(','), KAFKA_TOPIC: topic.name, PORT: '0' }
  await using ingest = startProgram('functions/ingest/main.ts', { ...env, ...withFaults({ crashAt: name }) })
  const port = await written(ingest, /"port":(\d+)/)
  await expect(fetch(`http://localhost:${port}/logs`, post(anActivity()))).rejects.toThrow()
  await diesAt(name, ingest)
})

test.each(pointsIn('persist'))('persist dies at $name, and the dispatcher gets no answer', async ({ name }) => {
  await using database = aDatabase()
  const env = { MONGODB_URI: mongodbUri, MONGODB_DATABASE: database.name, PORT: '0' }
  await using persist = startProgram('functions/persist/main.ts', { ...env, ...withFaults({ crashAt: name }) })
  const port = await written(persist, /"port":(\d+)/)
  const deliver = (action: string, offset: number) =>
    fetch(`http://localhost:${port}/`, delivery(aRecord({ action }), offset)).catch(() => {})
  await deliver('first', 1)
  await deliver('second', 2)
  await diesAt(name, persist)
})

test.each(pointsIn('source'))('the dispatcher dies at $name', async ({ name }) => {
  const journey = await aJourney(1, () => ({ status: name.includes('dead-letter') ? 400 : 204 }))
  await journey.produce(records(1))
  const env = { ...journey.env, ...withFaults({ crashAt: name }) }
  await using source = startProgram('functions/kafka-source/main.ts', env)
  await diesAt(name, source)
})
