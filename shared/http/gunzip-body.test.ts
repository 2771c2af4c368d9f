import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { gunzipBody } from './gunzip-body.ts'

const gunzip = (body: Uint8Array) => gunzipBody(body, 4 * 1024 * 1024, { hasTurn: true, onTurn: () => {} })

/** Gzip of nothing that takes long to inflate: 11 bytes are a block without data, but with tables of its own. */
function emptyBlocks(bytes: number): Buffer {
  // together, four blocks end with a byte
  const four = bitsOf([block(false), block(false), block(false), block(false)].flat())
  const header = Buffer.from('1f8b0800000000000003', 'hex')
  return Buffer.concat([header, Buffer.alloc(bytes, four), bitsOf(block(true)), Buffer.alloc(8)])
}

type Bits = [value: number, count: number][]

/** A block with codes for its end and for one distance (RFC 1951, section 3.2.7). */
function block(isLast: boolean): Bits {
  const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1]
  const lengths = order.map((symbol): Bits[number] => [symbol === 18 || symbol === 1 ? 1 : 0, 3])
  // 138 symbols and 118 more have no code
  return [[isLast ? 5 : 4, 3], [14 << 10, 14], ...lengths, [1 | (127 << 1), 8], [1 | (107 << 1), 8], [0, 3]]
}

function bitsOf(bits: Bits): Buffer {
  const text = bits.map(([value, count]) => [...value.toString(2).padStart(count, '0')].reverse().join('')).join('')
  return Buffer.from((text.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt([...byte].reverse().join(''), 2)))
}

describe('a body that takes long to inflate', () => {
  test('keeps nobody else waiting', async () => {
    const body = emptyBlocks(45 * 20_000)
    let isOver = false
    const inflating = gunzip(body).finally(() => {
      isOver = true
    })
    await nextTurn()
    expect(isOver).toBe(false)
    expect((await inflating).byteLength).toBe(0)
  })
})
