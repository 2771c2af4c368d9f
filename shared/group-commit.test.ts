import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createGroupCommit, type GroupCommitOptions, QueueFull } from './group-commit.ts'
import { TooLate } from './within.ts'

const unbounded = {
  maxItems: 1000,
  maxBytes: 1000,
  maxWaitingBytes: 1000,
  maxWaitingItems: 1000,
  sizeOf: (item: string) => item.length,
  deadlineMs: 60_000,
}

/** Holds every commit until the test lets it go. */
function committing(options: Partial<GroupCommitOptions<string>> = {}) {
  const groups: string[][] = []
  const gates: PromiseWithResolvers<void>[] = []
  const { add, addAll, roomFor } = createGroupCommit(
    async (items: readonly string[]) => {
      groups.push([...items])
      const gate = Promise.withResolvers<void>()
      gates.push(gate)
      await gate.promise
      return items.map((item) => item.toUpperCase())
    },
    { ...unbounded, ...options },
  )
  const next = async () => {
    while (gates.length === 0) await turn()
    return gates.shift()!
  }
  return { add, addAll, roomFor, groups, next }
}

describe('groups', () => {
  test('an item that arrives while no commit is in flight is committed after one turn', async () => {
    const { add, groups, next } = committing()
    const result = add('a')
    await turn()
    expect(groups).toEqual([['a']])
    ;(await next()).resolve()
    expect(await result).toBe('A')
    await turn()
    void add('b')
    await turn()
    expect(groups).toEqual([['a'], ['b']])
  })

  test('items of one turn are committed together, and each gets its own result', async () => {
    const { add, groups, next } = committing()
    const results = Promise.all(['a', 'b', 'c'].map(add))
    ;(await next()).resolve()
    expect(await results).toEqual(['A', 'B', 'C'])
    expect(groups).toEqual([['a', 'b', 'c']])
  })

  test('items that arrive during a commit wait for its end and are then committed together', async () => {
    const { add, groups, next } = committing()
    const first = add('a')
    const gate = await next()
    const others = [add('b'), add('c')]
    await turn()
    expect(groups).toEqual([['a']])
    gate.resolve()
    await first
    ;(await next()).resolve()
    expect(await Promise.all(others)).toEqual(['B', 'C'])
    expect(groups).toEqual([['a'], ['b', 'c']])
  })

  test('few items of a large group learn their results in one turn, and all of them in order', async () => {
    const { add, next } = committing({ maxBytes: 10_000, maxWaitingBytes: 10_000 })
    const inTurn: number[] = [0]
    const settled = Array.from({ length: 500 }, (_, n) =>
      add(`${n}`).then((result) => {
        inTurn[inTurn.length - 1]!++
        return result
      }),
    )
    ;(await next()).resolve()
    const all = Promise.all(settled)
    while (inTurn.reduce((sum, count) => sum + count) < 500) {
      await turn()
      inTurn.push(0)
    }
    expect(await all).toEqual(settled.map((_result, n) => `${n}`))
    expect(Math.max(...inTurn)).toBeLessThanOrEqual(128)
    // the turn of the commit
    expect(inTurn[0]).toBe(0)
  })

  test('an item that arrives as a commit ends is in the next group', async () => {
    const { add, groups, next } = committing()
    const first = add('a')
    const gate = await next()
    const others = [add('b'), first.then(() => add('c'))]
    gate.resolve()
    ;(await next()).resolve()
    expect(await Promise.all(others)).toEqual(['B', 'C'])
    expect(groups).toEqual([['a'], ['b', 'c']])
  })

  test.each([
    { maxItems: 4 },
    { maxBytes: 4 },
  ])('items that keep arriving turn after turn join the next group until it is full: %j', async (full) => {
    const { add, groups, next } = committing(full)
    const first = add('a')
    const gate = await next()
    const coming = first.then(async () => {
      let count = 0
      for (; groups.length === 1 && count < 100; count++) {
        void add(`${count}`)
        await turn()
      }
      return count
    })
    gate.resolve()
    expect(await coming).toBeLessThan(10)
    expect(groups).toEqual([['a'], ['0', '1', '2', '3']])
  })

  test('a second commit starts beside the first once `secondFrom` items wait, and never a third', async () => {
    const { add, groups, next } = committing({ secondFrom: 2 })
    const results = [add('a')]
    const first = await next()
    results.push(add('b'))
    await turn()
    expect(groups).toEqual([['a']])
    results.push(add('c'))
    const second = await next()
    expect(groups).toEqual([['a'], ['b', 'c']])
    results.push(...['d', 'e', 'f'].map(add))
    await turn()
    expect(groups).toHaveLength(2)
    second.resolve()
    ;(await next()).resolve()
    first.resolve()
    expect(await Promise.all(results)).toEqual(['A', 'B', 'C', 'D', 'E', 'F'])
    expect(groups).toEqual([['a'], ['b', 'c'], ['d', 'e', 'f']])
  })

  test('items too few for a second commit wait for the first', async () => {
    const { add, groups, next } = committing({ secondFrom: 2 })
    const results = [add('a')]
    const first = await next()
    results.push(add('b'), add('c'))
    const second = await next()
    results.push(add('d'))
    second.resolve()
    await results[1]
    for (let n = 0; n < 5; n++) await turn()
    expect(groups).toHaveLength(2)
    first.resolve()
    ;(await next()).resolve()
    expect(await Promise.all(results)).toEqual(['A', 'B', 'C', 'D'])
    expect(groups).toEqual([['a'], ['b', 'c'], ['d']])
  })

  test.each<[what: string, options: Partial<GroupCommitOptions<string>>, items: string[], groups: string[][]]>([
    ['items', { maxItems: 2 }, ['a', 'b', 'c'], [['a', 'b'], ['c']]],
    ['bytes', { maxBytes: 4 }, ['aa', 'bb', 'c'], [['aa', 'bb'], ['c']]],
    ['bytes, unless a single item is larger', { maxBytes: 4 }, ['a', 'bbbbb', 'c'], [['a'], ['bbbbb'], ['c']]],
  ])('stay within the maximum of %s', async (_what, options, items, expected) => {
    const { add, groups, next } = committing(options)
    const results = Promise.all(items.map(add))
    for (const _group of expected) (await next()).resolve()
    expect(await results).toEqual(items.map((item) => item.toUpperCase()))
    expect(groups).toEqual(expected)
  })
})

describe('a commit that fails', () => {
  test('rejects its items and no others', async () => {
    const { add, next } = committing({ maxItems: 2 })
    const results = Promise.allSettled(['a', 'b', 'c'].map(add))
    const failure = new Error('no disk')
    ;(await next()).reject(failure)
    ;(await next()).resolve()
    const rejected = { status: 'rejected', reason: failure }
    expect(await results).toEqual([rejected, rejected, { status: 'fulfilled', value: 'C' }])
  })

  test('may also throw synchronously or return a wrong number of results', async () => {
    const { add: throwing } = createGroupCommit(() => {
      throw new Error('synchronous')
    }, unbounded)
    await expect(throwing('a')).rejects.toThrow('synchronous')
    await expect(throwing('b')).rejects.toThrow('synchronous')
    const { add: forgetful } = createGroupCommit(async () => ['A'], unbounded)
    const results = await Promise.allSettled(['a', 'b'].map(forgetful))
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })
})

describe('items that are added together', () => {
  test('each get an outcome of their own, whatever becomes of the others', async () => {
    const { addAll, groups, next } = committing({ maxItems: 2, maxWaitingItems: 4 })
    const outcomes = addAll(['a', 'b', 'c', 'd', 'too many'])
    const failure = new Error('no disk')
    ;(await next()).reject(failure)
    ;(await next()).resolve()
    const failed = { status: 'rejected', reason: failure }
    expect(await outcomes).toEqual([
      failed,
      failed,
      { status: 'fulfilled', value: 'C' },
      { status: 'fulfilled', value: 'D' },
      { status: 'rejected', reason: expect.any(QueueFull) },
    ])
    expect(groups).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
  })

  test('are told once each, though their commit returns after their deadline', async () => {
    const { addAll, next } = committing({ deadlineMs: 20, maxItems: 2 })
    const outcomes = addAll(['a', 'b', 'c'])
    const gate = await next()
    const late = { status: 'rejected', reason: expect.any(TooLate) }
    expect(await outcomes).toEqual([late, late, late])
    gate.resolve()
    await turn()
    expect(await outcomes).toEqual([late, late, late])
  })

  test('may be none', async () => {
    expect(await committing().addAll([])).toEqual([])
  })
})

describe('the queue is bounded', () => {
  test.each<[what: string, options: Partial<GroupCommitOptions<string>>, fits: string[], beyond: string]>([
    ['in items', { maxWaitingItems: 2 }, ['a', 'b'], ''],
    ['in bytes', { maxWaitingBytes: 4 }, ['aa', 'bb'], 'c'],
    ['in bytes, though one larger item may wait alone', { maxWaitingBytes: 4 }, ['aaaaa'], 'b'],
  ])('%s: rejects an item beyond the bound, and takes it once there is room', async (_what, options, fits, beyond) => {
    const { add, next } = committing(options)
    const results = Promise.all(fits.map(add))
    await expect(add(beyond)).rejects.toBeInstanceOf(QueueFull)
    const gate = await next()
    const later = Promise.all(fits.map(add))
    gate.resolve()
    expect(await results).toHaveLength(fits.length)
    ;(await next()).resolve()
    expect(await later).toHaveLength(fits.length)
  })
})

describe('whoever wants room for much', () => {
  const ofTwo = { ownerOf: (item: string) => item[0] as string, maxWaitingBytes: 1e6 }
  const isWaiting = async (room: Promise<void>) => (await Promise.race([room, turn('waiting')])) === 'waiting'

  test('waits while more than half of the room of its owner is taken, until a group leaves', async () => {
    const { add, roomFor, next } = committing({ ...ofTwo, maxItems: 6, maxWaitingItems: 12 })
    const results = ['a', 'b'].map(add)
    const gate = await next()
    for (let n = 0; n < 10; n++) results.push(add('a'))
    expect(await isWaiting(roomFor('a'))).toBe(false)
    results.push(add('a'))
    const room = roomFor('a')
    expect([await isWaiting(room), await isWaiting(roomFor('b'))]).toEqual([true, false])
    gate.resolve()
    const second = await next()
    expect(await isWaiting(room)).toBe(false)
    second.resolve()
    ;(await next()).resolve()
    await Promise.all(results)
  })

  test('waits for bytes as well, but not behind a commit that hangs', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const { add, roomFor, next } = committing({ ...ofTwo, maxWaitingBytes: 12 })
    const results = [add('a')]
    const gate = await next()
    results.push(add('a'.repeat(11)))
    const room = roomFor('a')
    expect(await isWaiting(room)).toBe(true)
    vi.advanceTimersByTime(1_000)
    await room
    expect(await isWaiting(roomFor('a'))).toBe(false)
    gate.resolve()
    ;(await next()).resolve()
    await Promise.all(results)
  })
})

describe('behind a commit that hangs', () => {
  test('no item waits longer than the deadline, and an item that timed out is never committed', async () => {
    const { add, groups, next } = committing({ deadlineMs: 20 })
    const results = Promise.allSettled([add('a'), next().then(() => add('b'))])
    const late = { status: 'rejected', reason: expect.any(TooLate) }
    expect(await results).toEqual([late, late])
    const later = add('c')
    expect(groups).toEqual([['a']])
    await expect(later).rejects.toBeInstanceOf(TooLate)
    expect(groups).toEqual([['a']])
  })

  test('an item that timed out makes room for others', async () => {
    const { add, groups, next } = committing({ deadlineMs: 20, maxWaitingItems: 1, maxWaitingBytes: 1 })
    const first = expect(add('a')).rejects.toBeInstanceOf(TooLate)
    const gate = await next()
    const second = expect(add('b')).rejects.toBeInstanceOf(TooLate)
    await expect(add('c')).rejects.toBeInstanceOf(QueueFull)
    await Promise.all([first, second])
    const third = add('d')
    gate.resolve()
    ;(await next()).resolve()
    expect(await third).toBe('D')
    expect(groups).toEqual([['a'], ['d']])
  })
})

describe('items of several owners', () => {
  /** `a1` is an item of owner a. */
  const ownerOf = (item: string) => item[0] as string

  const many = { ownerOf, maxBytes: 1e6, maxWaitingBytes: 1e7 }

  test('leave in turns of 8 KiB, those of each owner in their order', async () => {
    const large = (name: string) => name.padEnd(6 * 1024, '.')
    const { add, groups, next } = committing({ ...many, maxItems: 4 })
    const first = add('x')
    const gate = await next()
    const results = [...['a1', 'a2', 'a3', 'a4'].map(large), ...['b1', 'b2'].map(large), 'c1'].map(add)
    gate.resolve()
    for (let group = 0; group < 2; group++) (await next()).resolve()
    await Promise.all([first, ...results])
    const names = groups.map((group) => group.map((item) => item.replace(/\.+$/, '')).join(' '))
    expect(names).toEqual(['x', 'a1 b1 c1 a2', 'b2 a3 a4'])
  })

  test('one of an owner who adds few is in the next group, however many of another wait', async () => {
    const { add, groups, next } = committing({ ...many, maxItems: 500, maxWaitingItems: 20_000 })
    const flood = () => Array.from({ length: 5_000 }, (_, n) => add(`a${n}`.padEnd(500)))
    const results = [add('x')]
    const gate = await next()
    results.push(...flood(), add('b'))
    gate.resolve()
    while (groups.length < 2) await turn()
    expect(groups[1]).toHaveLength(500)
    expect(groups[1]).toContain('b')
    for (let group = 1; group <= 11; group++) (await next()).resolve()
    await Promise.all(results)
    expect(groups.flat().filter((item) => item.startsWith('a'))).toHaveLength(5_000)
  })

  test.each<[string, Partial<GroupCommitOptions<string>>, string, number]>([
    ['items', { maxWaitingItems: 20 }, 'a', 1],
    ['bytes', { maxWaitingBytes: 2_000 }, 'a'.repeat(100), 0],
  ])('of one owner alone may take all of the bound in %s, and others find room behind them', async (_what, bound, item, third) => {
    const { add, next } = committing({ ...many, ...{ maxWaitingItems: 1e6, ...bound } })
    const results: Promise<string>[] = [add('x')]
    const gate = await next()
    const addUntilFull = async (owner: string) => {
      for (let count = 0; count < 100; count++) {
        const result = add(owner + item.slice(1))
        const full = await Promise.race([result.catch((error) => error), turn()])
        if (full instanceof QueueFull) return count
        results.push(result)
      }
      return Number.NaN
    }
    // four times what is free of the 25
    expect(await addUntilFull('a')).toBe(20)
    expect(await addUntilFull('b')).toBe(4)
    expect(await addUntilFull('c')).toBe(third)
    expect(await addUntilFull('a')).toBe(0)
    gate.resolve()
    ;(await next()).resolve()
    await Promise.all(results)
    const again = add(item)
    ;(await next()).resolve()
    expect(await again).toBe(item.toUpperCase())
  })

  test('that gave up take no turn, and no room', async () => {
    const { add, groups, next } = committing({ ...many, maxWaitingItems: 3, deadlineMs: 20 })
    const late = [add('x')]
    const gate = await next()
    late.push(add('a1'), add('a2'), add('b1'))
    expect((await Promise.allSettled(late)).map(({ status }) => status)).toEqual(late.map(() => 'rejected'))
    const results = ['a3', 'b2', 'a4', 'c1'].map(add)
    gate.resolve()
    ;(await next()).resolve()
    expect(await Promise.all(results)).toHaveLength(4)
    expect(groups[1]?.toSorted()).toEqual(['a3', 'a4', 'b2', 'c1'])
  })
})

test('no item is lost or committed twice, whenever it arrives and whichever commits fail', async () => {
  const arrivals = fc.array(fc.record({ count: fc.nat(7), turns: fc.nat(2) }), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(
      arrivals,
      fc.integer({ min: 1, max: 5 }),
      fc.constantFrom(undefined, 1, 3),
      fc.integer({ min: 1, max: 4 }),
      fc.infiniteStream(fc.record({ isFailing: fc.boolean(), turns: fc.integer({ min: 1, max: 3 }) })),
      async (waves, maxItems, secondFrom, owners, commits) => {
        const committed: number[] = []
        const ownerOf = (item: number) => String(item % owners)
        const { add } = createGroupCommit(
          async (items: readonly number[]) => {
            const { isFailing, turns } = commits.next().value
            for (let n = 0; n < turns; n++) await turn()
            if (isFailing) throw new Error('failed')
            committed.push(...items)
            return items.map((item) => -item)
          },
          { ...unbounded, maxItems, sizeOf: () => 3_000, ownerOf, secondFrom, maxWaitingBytes: 1e9 },
        )
        const results: Promise<number | undefined>[] = []
        for (const { count, turns } of waves) {
          for (let n = 0; n < count; n++) results.push(add(results.length + 1).catch(() => undefined))
          for (let n = 0; n < turns; n++) await turn()
        }
        const settled = await Promise.all(results)
        const succeeded = settled.flatMap((result, index) => (result === undefined ? [] : [index + 1]))
        expect(committed.toSorted((a, b) => a - b)).toEqual(succeeded)
        // with two commits, one may end before another that started earlier
        for (const own of secondFrom ? [] : Object.values(Object.groupBy(committed, ownerOf))) {
          expect(own).toEqual(own?.toSorted((a, b) => a - b))
        }
        expect(settled.filter((result) => result !== undefined)).toEqual(succeeded.map((item) => -item))
      },
    ),
  )
})
