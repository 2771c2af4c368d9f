import { join } from 'node:path'
import { openEmbeddedBroker } from '@activity-log/shared/broker/embedded-broker.ts'
import { aRecord } from '@activity-log/shared/testing/builders.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { exchangeAll } from './exchange.ts'
import { writeFixture } from './fixtures.ts'
import { linesOf, readFolder } from './frozen-data-folder.ts'
import { ways } from './request-ways.ts'
import { receiptsIn, written } from './requests/kept.ts'
import { requests } from './requests.ts'
import { openSystem } from './state.ts'

/** Run by hand, only on the commit whose answers are to be kept: npm exec -- node functions/testing/frozen/record.ts */
async function main() {
  writeFixture('answers', await recordAnswers())
  const folder = await recordFolder()
  writeFixture('data-folder', folder)
  writeFixture('data-folder-answers', await readFolder(folder))
}

async function recordAnswers() {
  const lines: object[] = []
  for (const [name, open] of Object.entries(ways)) {
    await using system = openSystem(aFolder())
    await using way = await open(system.apps)
    const exchanges = await exchangeAll(requests, { system, way })
    console.log(`${exchanges.length} requests ${name}`)
    lines.push(...exchanges.map((exchange) => ({ way: name, ...exchange })))
  }
  return lines
}

async function recordFolder() {
  const folder = aFolder()
  const receipts = await writeInto(folder)
  await leaveInQueue(folder)
  return [{ receipts }, ...linesOf(folder)]
}

async function writeInto(folder: string): Promise<string[]> {
  await using system = openSystem(folder)
  const [open] = Object.values(ways)
  if (!open) throw new Error('shared/testing/ways.ts defines no way to send requests')
  await using way = await open(system.apps)
  const exchanges = await exchangeAll(written, { system, way })
  // abandons some of the gaps at the beginning
  await system.store.abandon(3, 7)
  return receiptsIn(exchanges.flatMap(({ answers }) => answers.map(({ body }) => String(body))))
}

/** Leaves the queue as a stop does: with records to save, among them a conflict, and one that was given up. */
async function leaveInQueue(folder: string) {
  await using broker = openEmbeddedBroker({ path: join(folder, 'queue.db') })
  const left = ['left-1', 'left-2', 'left-3', 'd-0'].map((id) =>
    aRecord({ id, userId: '村上春樹', action: 'left.behind' }),
  )
  await broker.publish([...left, { ...aRecord({ id: 'left-4' }), value: '{"id":' }])
  const [first] = broker.read(0, 1)
  if (first) broker.deadLetter(first, { ce_knativeerrordest: 'http://persist/', ce_knativeerrorcode: '503' })
}

await main()
