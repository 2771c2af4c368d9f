import { expect, test } from 'vitest'
import { openDrawings } from './drawing.ts'

const large = 'x'.repeat(100_000)

test.each([
  ['small', 'x'],
  ['large', large],
])('a %s page does not wait for all those of another tenant', async (_kind, text) => {
  const openDrawing = openDrawings()
  const drawn: string[] = []
  const draw = async (name: string, owner: string) => {
    using drawing = openDrawing(owner)
    await drawing.load(async () => ({ ok: true, answer: text }), '/')
    drawn.push(name)
    await new Promise(setImmediate)
  }
  const flood = Array.from({ length: 5 }, (_, n) => draw(`flood ${n}`, 'flood'))
  await Promise.all([...flood, draw('quiet', 'quiet')])
  expect(drawn.indexOf('quiet')).toBeLessThan(3)
  expect(drawn).toHaveLength(6)
})
