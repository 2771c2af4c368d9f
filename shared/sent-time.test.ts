import { expect, test, vi } from 'vitest'
import { readSentTime } from './sent-time.ts'

const zones = ['Europe/Berlin', 'Asia/Tokyo', 'America/Lima']
const textsOf = (times: number) =>
  Array.from({ length: times }, (_, n) => `2024-01-15 10:00:00 [${zones[n % zones.length]}]`)

test('times of several places open each time zone once', () => {
  using opened = vi.spyOn(Intl, 'DateTimeFormat')
  const read = textsOf(300).map((text) => readSentTime(text, false, 'loose', undefined))
  expect(read.slice(0, 3)).toEqual([
    { ok: true, text: '2024-01-15T10:00:00+01:00' },
    { ok: true, text: '2024-01-15T10:00:00+09:00' },
    { ok: true, text: '2024-01-15T10:00:00-05:00' },
  ])
  expect(opened.mock.calls.length).toBe(zones.length)
})
