import { maxPollRecords } from '@activity-log/shared/dispatch/delivery.ts'
import { until } from '@activity-log/shared/testing/builders.ts'
import { describe, expect, test } from 'vitest'
import { aJourney, heldAnswers, idOf, idsIn, members, quick, records, slow } from '../source-journey.ts'

describe('at its start', () => {
  test('continues when Kafka has deleted records since the commit', async () => {
    const { source, sink, produce, admin, topic, group, committed } = await aJourney(1)
    await produce(records(100))
    await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: '10' }] })
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '50' }] })
    source()
    await until(async () => (await committed()) === 100)
    expect(sink.received).toHaveLength(50)
  })
})

describe('with many requests in flight', () => {
  test('takes a whole batch, another one when fewer than 50 are in flight, and never more than 99', async () => {
    const { held, answer } = heldAnswers()
    const { source, sink, produce, committed } = await aJourney(3, answer)
    for (const partition of [0, 1, 2]) await produce(records(300, partition))
    source()
    await until(() => sink.underWay() === maxPollRecords)
    let max = 0
    let answered = 0
    while (answered < 900) {
      await until(() => held.length > 0)
      max = Math.max(max, sink.underWay())
      held.shift()!(204)
      answered++
      // with 49 in flight, the next 50 records come
      if (answered === 1) await until(() => sink.underWay() === 2 * maxPollRecords - 1)
    }
    for (const partition of [0, 1, 2]) await until(async () => (await committed(partition)) === 300)
    expect(max).toBe(2 * maxPollRecords - 1)
    expect(new Set(idsIn(sink)).size).toBe(900)
    expect(sink.received).toHaveLength(900)
  })

  test('a record that waits for its retry holds back only the commit; a restart delivers from it on again', async () => {
    const { source, sink, produce, committed } = await aJourney(1, (received) => ({
      status: idOf(received) === 'p0-10' && sink.received.length <= 300 ? 503 : 204,
    }))
    await produce(records(300))
    {
      await using _source = source({ policy: slow })
      await until(() => sink.received.length === 300)
      await until(async () => (await committed()) === 10)
    }
    expect(await committed()).toBe(10)
    source()
    await until(async () => (await committed()) === 300)
    expect(idsIn(sink).slice(300).toSorted()).toEqual(
      records(290, 0, 10)
        .map(({ headers }) => String(headers?.['ce_id']))
        .toSorted(),
    )
  })

  test('stays in its group while all places are taken, so that another member gets its share immediately', async () => {
    const { answer, answerAll } = heldAnswers()
    const { source, sink, produce, admin, group, committed } = await aJourney(2, answer)
    for (const partition of [0, 1]) await produce(records(200, partition))
    source()
    await until(() => sink.underWay() === maxPollRecords)
    source()
    await until(async () => (await members(admin, group)) === 2)
    await until(() => sink.underWay() === 2 * maxPollRecords)
    answerAll()
    for (const partition of [0, 1]) await until(async () => (await committed(partition)) === 200)
    expect(new Set(idsIn(sink)).size).toBe(400)
  })
})

describe('when the group rebalances', () => {
  test('commits delivered records first, so that nobody delivers them again', async () => {
    const { source, sink, produce, admin, group } = await aJourney(2)
    for (const partition of [0, 1]) await produce(records(20, partition))
    const never = { commitEveryMs: 3_600_000 }
    source(never)
    await until(() => sink.received.length === 40)
    source(never)
    await until(async () => (await members(admin, group)) === 2)
    for (const partition of [0, 1]) await produce(records(1, partition, 20))
    await until(() => ['p0-20', 'p1-20'].every((id) => idsIn(sink).includes(id)))
    expect(sink.received).toHaveLength(42)
  })

  test('continues a partition that it keeps, with its requests in flight', async () => {
    const { answer, answerAll } = heldAnswers()
    const { source, sink, produce, admin, group, committed } = await aJourney(2, answer)
    source()
    await using other = source()
    await until(async () => (await members(admin, group)) === 2)
    for (const partition of [0, 1]) await produce(records(20, partition))
    await until(() => sink.received.length === 40)
    await other[Symbol.asyncDispose]()
    // only the 20 records of the other member are delivered again
    await until(() => sink.received.length === 60)
    await produce(records(1, 0, 20))
    await produce(records(1, 1, 20))
    answerAll()
    for (const partition of [0, 1]) await until(async () => (await committed(partition)) === 21)
    expect(sink.received).toHaveLength(62)
  })

  test('leaves retries to the owner of the partition', async () => {
    const { source, sink, produce } = await aJourney(2, () => ({ status: 503 }))
    for (const partition of [0, 1]) await produce(records(1, partition))
    const policy = { ...quick, retry: 1000, backoffDelayMs: 5 }
    const attempts = (id: string) => (path: string) =>
      sink.received.filter((one) => idOf(one) === id && one.path === path).length
    source({ policy, sinkUrl: `${sink.url}first` })
    await until(() => sink.received.length > 2)
    source({ policy, sinkUrl: `${sink.url}second` })
    await until(() => sink.received.some(({ path }) => path === '/second'))
    const moved = attempts(idOf(sink.received.find(({ path }) => path === '/second')!))
    await until(() => moved('/second') > 2)
    const before = moved('/first')
    await until(() => moved('/second') > 20)
    expect(moved('/first')).toBe(before)
  })
})
