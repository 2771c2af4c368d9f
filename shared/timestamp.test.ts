import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatTimestamp, isoText, parseTimestamp, type Timestamp } from './timestamp.ts'

const parsed = (text: string): Timestamp => {
  const result = parseTimestamp(text)
  if (typeof result === 'string') throw new Error(`${text} ${result}`)
  return result
}

// these are most date-time vectors of the JSON Schema Test Suite, and forms that Date.parse would accept
describe('accepts', () => {
  test.each<[text: string, ms: number]>([
    ['1970-01-01T00:00:00Z', 0],
    ['1969-12-31T23:00:00-01:30', 30 * 60_000],
    ['2024-01-15T10:00:00Z', Date.UTC(2024, 0, 15, 10)],
    ['2024-01-15t10:00:00z', Date.UTC(2024, 0, 15, 10)],
    ['2024-01-15T10:00:00-00:00', Date.UTC(2024, 0, 15, 10)],
    ['1990-12-31T15:59:50.123-08:00', Date.UTC(1990, 11, 31, 23, 59, 50, 123)],
    ['1996-12-19T16:39:57+05:30', Date.UTC(1996, 11, 19, 11, 9, 57)],
    ['2024-02-29T23:59:59+23:59', Date.UTC(2024, 1, 29, 0, 0, 59)],
    ['2000-02-29T00:00:00Z', Date.UTC(2000, 1, 29)],
    ['2024-01-15T10:00:00.1Z', Date.UTC(2024, 0, 15, 10, 0, 0, 100)],
    ['2024-01-15T10:00:00.9999999Z', Date.UTC(2024, 0, 15, 10, 0, 0, 999)],
    ['1998-12-31T23:59:60Z', Date.UTC(1999, 0, 1)],
    ['1998-12-31T15:59:60.123-08:00', Date.UTC(1999, 0, 1) + 123],
    ['2016-07-01T05:29:60+05:30', Date.UTC(2016, 6, 1)],
  ])('%s', (text, ms) => expect(parsed(text).ms).toBe(ms))
})

describe('rejects', () => {
  test.each<[text: string, detail: string]>([
    ['', 'RFC 3339'],
    ['1', 'RFC 3339'],
    ['Jan 1 2024', 'RFC 3339'],
    ['06/19/1963 08:30:06 PST', 'RFC 3339'],
    ['2013-350T01:01:01Z', 'RFC 3339'],
    ['2024-01-15', 'RFC 3339'],
    ['2024-01-15T10:00:00', 'RFC 3339'],
    ['2024-01-15T10:00Z', 'RFC 3339'],
    ['2024-01-15 10:00:00Z', 'RFC 3339'],
    ['2024-1-15T10:00:00Z', 'RFC 3339'],
    ['2024-01-15T10:00:00.Z', 'RFC 3339'],
    ['2026-02-30T08:00:00.000Z', 'has day 30'],
    ['2025-02-29T08:00:00.000Z', 'has day 29'],
    ['2026-13-01T08:00:00.000Z', 'has month 13'],
    ['2026-01-31T24:00:00.000Z', 'has hour 24'],
    ['2026-01-31T08:60:00.000Z', 'that do not exist'],
    ['2026-01-31T08:00:60.000Z', 'has second 60'],
    ['2024-01-15T10:00:00,5Z', 'RFC 3339'],
    ['2024-01-15T10:00:00+0100', 'RFC 3339'],
    ['2024-01-15T10:00:00Z+01:00', 'RFC 3339'],
    ['2024-01-15T10:00:00Z\n', 'RFC 3339'],
    [' 2024-01-15T10:00:00Z', 'RFC 3339'],
    ['+12024-01-15T10:00:00Z', 'RFC 3339'],
    ['2024-01-1৪T10:00:00Z', 'RFC 3339'],
    [`2024-01-15T10:00:00.${'0'.repeat(44)}Z`, 'RFC 3339'],
    ['2024-00-15T10:00:00Z', 'month 00,'],
    ['2024-13-15T10:00:00Z', 'month 13,'],
    ['2024-01-00T10:00:00Z', 'day 00,'],
    ['2024-02-31T10:00:00Z', 'day 31,'],
    ['2023-02-29T10:00:00Z', 'day 29,'],
    ['2100-02-29T10:00:00Z', 'day 29,'],
    ['2024-01-15T24:00:00Z', 'hour 24;'],
    ['2024-01-15T10:60:00Z', 'minutes or seconds'],
    ['2024-12-31T23:59:61Z', 'minutes or seconds'],
    ['2024-01-15T10:00:00+24:00', 'offset'],
    ['2024-01-15T10:00:00-00:60', 'offset'],
    ['1998-12-31T22:59:60Z', 'second 60'],
    ['1998-12-30T23:59:60Z', 'second 60'],
    ['1998-12-31T23:59:60-01:00', 'second 60'],
    ['1969-12-31T23:59:59Z', 'before 1970'],
    ['1970-01-01T00:30:00+01:00', 'before 1970'],
    ['0099-01-01T00:00:00Z', 'before 1970'],
    ['9999-12-31T23:59:60Z', 'after the year 9999'],
  ])('%j', (text, detail) => expect(parseTimestamp(text)).toContain(detail))
})

const lastMs = Date.UTC(9999, 11, 31)
const instants = fc.integer({ min: 24 * 3_600_000, max: lastMs - 24 * 3_600_000 })
const offsets = fc.integer({ min: -(24 * 60 - 1), max: 24 * 60 - 1 })
const written = (ms: number, offset: number, zeros = 0) => {
  const two = (n: number) => String(n).padStart(2, '0')
  const local = new Date(ms + offset * 60_000).toISOString().slice(0, -1)
  const minutes = Math.abs(offset)
  return `${local}${'0'.repeat(zeros)}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

test('an instant does not depend on its offset or trailing zeros', () => {
  fc.assert(
    fc.property(instants, offsets, offsets, fc.nat(20), (ms, one, other, zeros) => {
      expect(parsed(written(ms, one))).toEqual(parsed(written(ms, other, zeros)))
      expect(parsed(written(ms, one)).ms).toBe(ms)
    }),
  )
})

test('instants that differ below a millisecond, or by a leap second, are different', () => {
  const texts = ['59.999Z', '59.9991Z', '59.9999999991Z', '60Z', '60.9991Z'].map((end) => `2016-12-31T23:59:${end}`)
  expect(new Set(texts.map((text) => parsed(text).instant)).size).toBe(texts.length)
  const fromStart = texts.map((text) => Number(parsed(text).nanoseconds - BigInt(Date.UTC(2017, 0)) * 1_000_000n))
  expect(fromStart).toEqual([-1_000_000, -900_000, -1, 0, 999_100_000])
})

test('text that the log writes is read as the same instant, and has milliseconds only if they are not zero', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: lastMs }), (ms) => {
      expect(parsed(formatTimestamp(ms)).ms).toBe(ms)
    }),
  )
  expect([0, 1].map(formatTimestamp)).toEqual(['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.001Z'])
})

test('a time is written as toISOString writes it', () => {
  fc.assert(
    fc.property(fc.integer({ min: -lastMs, max: 2 * lastMs }), (ms) => {
      expect(isoText(ms)).toBe(new Date(ms).toISOString())
    }),
  )
  const day = 86_400_000
  for (const ms of [0, day - 1, day, day + 1, -1, -day, lastMs]) expect(isoText(ms)).toBe(new Date(ms).toISOString())
})

test('a time as toISOString writes it is read like any other', () => {
  const instants = fc.date({ min: new Date(0), max: new Date(Date.UTC(9999, 11, 31)), noInvalidDate: true })
  fc.assert(
    fc.property(instants, (instant) => {
      const text = instant.toISOString()
      const { iso = text, ...read } = parsed(text)
      expect(read).toEqual(parsed(text.replace('Z', '+00:00')))
      expect(iso).toBe(text)
    }),
  )
})
