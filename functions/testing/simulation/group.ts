import type { World } from './world.ts'

export type MemberOf = { memberId: string; generation: number; partitions: readonly number[] }

/** A consumer group as its coordinator sees it. The calls take no time; the messages that carry them do. */
export type Group = {
  /** Resolves when all members have joined again, or the time for that is over. */
  join(memberId: string | undefined): Promise<MemberOf>
  heartbeat(memberId: string, generation: number): void
  commit(memberId: string, generation: number, offsets: ReadonlyMap<number, number>): void
  leave(memberId: string): void
  /** The offset at which reading continues. */
  committed(partition: number): number
}

export class GroupError extends Error {
  override name = 'GroupError'
  readonly type: 'REBALANCE_IN_PROGRESS' | 'UNKNOWN_MEMBER_ID' | 'ILLEGAL_GENERATION'
  constructor(type: GroupError['type']) {
    super(type)
    this.type = type
  }
}

const sessionMs = 10_000
const rebalanceMs = 15_000

type Member = { seenAt: number; joining: ((membership: MemberOf) => void) | undefined }

/** `onCommit` sees every commit before it takes effect. */
export function createGroup(
  { now, after, note }: World,
  {
    name,
    partitions,
    onCommit,
  }: { name: string; partitions: number; onCommit(partition: number, offset: number): void },
): Group {
  const members = new Map<string, Member>()
  const committed = new Map<number, number>()
  let made = 0
  let generation = 0
  let isRebalancing = false

  function member(memberId: string): Member {
    const found = members.get(memberId)
    if (!found) throw new GroupError('UNKNOWN_MEMBER_ID')
    found.seenAt = now()
    return found
  }

  function rebalance() {
    if (!isRebalancing) {
      isRebalancing = true
      const before = generation
      void after(rebalanceMs).then(() => {
        if (!isRebalancing || generation !== before) return
        for (const [memberId, { joining }] of members) if (!joining) members.delete(memberId)
        agree()
      })
    }
    if ([...members.values()].every(({ joining }) => joining)) agree()
  }

  function agree() {
    isRebalancing = false
    generation++
    const names = [...members.keys()]
    names.forEach((memberId, index) => {
      const joined = members.get(memberId)
      const own = Array.from({ length: partitions }, (_, number) => number).filter((n) => n % names.length === index)
      joined?.joining?.({ memberId, generation, partitions: own })
      if (joined) Object.assign(joined, { joining: undefined, seenAt: now() })
    })
    note(`${name} generation ${generation} of ${names.join(' ')}`)
  }

  setInterval(() => {
    for (const [memberId, { seenAt, joining }] of members) {
      if (joining || now() - seenAt <= sessionMs) continue
      note(`${name} misses ${memberId}`)
      members.delete(memberId)
      rebalance()
    }
  }, 2000)

  return {
    async join(known) {
      if (known !== undefined) member(known)
      const memberId = known ?? `${name}-${++made}`
      const { promise, resolve } = Promise.withResolvers<MemberOf>()
      members.set(memberId, { seenAt: now(), joining: resolve })
      rebalance()
      return promise
    },
    heartbeat(memberId, of) {
      member(memberId)
      if (isRebalancing) throw new GroupError('REBALANCE_IN_PROGRESS')
      if (of !== generation) throw new GroupError('ILLEGAL_GENERATION')
    },
    commit(memberId, of, offsets) {
      member(memberId)
      if (of !== generation) throw new GroupError('ILLEGAL_GENERATION')
      for (const [partition, offset] of offsets) {
        note(`${name} ${memberId} commits ${partition}/${offset}`)
        onCommit(partition, offset)
        committed.set(partition, offset)
      }
    },
    leave(memberId) {
      if (members.delete(memberId) && members.size > 0) rebalance()
    },
    committed: (partition) => committed.get(partition) ?? 0,
  }
}
