import { expect, test } from 'vitest'
import { openBodyRoom } from './body-room.ts'

const kibibyte = 1024

/** A room with 1 MiB, and which of its bodies had to end. */
function aRoom() {
  const { open, nextTurn } = openBodyRoom(1024 * kibibyte)
  const ended: string[] = []
  const arrive = (name: string, owner: string, kibibytes: number) => {
    const body = open(() => ended.push(name), owner)
    body.add(kibibytes * kibibyte)
    return body
  }
  return { arrive, ended, nextTurn }
}

test('a large body has room although small ones of another owner took all of it', () => {
  const { arrive, ended } = aRoom()
  for (let n = 0; n < 16; n++) arrive(`flood ${n}`, 'flood', 64)
  const quiet = arrive('quiet', 'quiet', 300)
  quiet.add(200 * kibibyte)
  expect([ended.length, ended.filter((name) => !name.startsWith('flood'))]).toEqual([8, []])
})

test('so it does beside large ones that have arrived and wait for their turn', async () => {
  const { arrive, ended, nextTurn } = aRoom()
  await nextTurn('flood')
  for (let n = 0; n < 8; n++) void arrive(`flood ${n}`, 'flood', 128).turn()
  arrive('quiet', 'quiet', 300)
  expect(ended).toEqual(['flood 0', 'flood 1', 'flood 2'])
})

test('who has most of the room makes no more of it by taking that of others', () => {
  const { arrive, ended } = aRoom()
  arrive('quiet', 'quiet', 300)
  for (let n = 0; n < 30; n++) arrive(`flood ${n}`, 'flood', 64)
  expect(ended).not.toContain('quiet')
})

test('owners take turns with large bodies', async () => {
  const { nextTurn } = aRoom()
  const order: string[] = []
  const handle = async (name: string, owner: string) => {
    const done = await nextTurn(owner)
    order.push(name)
    done()
  }
  await Promise.all([handle('a1', 'a'), handle('a2', 'a'), handle('a3', 'a'), handle('b1', 'b'), handle('a4', 'a')])
  expect(order).toEqual(['a1', 'a2', 'b1', 'a3', 'a4'])
})
