import { expect, test } from 'vitest'
import { dayStart, instantOf, isZone, readInstant, wallTime } from './zone-time.ts'

const at = (text: string) => Date.parse(text)

test.each([
  ['2024-01-15T10:00:00Z', 'UTC', '2024-01-15T10:00:00.000'],
  ['2024-01-15T10:00:00.005Z', 'Europe/Berlin', '2024-01-15T11:00:00.005'],
  ['2024-07-01T23:30:00Z', 'Asia/Kolkata', '2024-07-02T05:00:00.000'],
  ['1970-01-01T00:00:00Z', 'America/New_York', '1969-12-31T19:00:00.000'],
])('%s in %s is %s, and back', (text, zone, wall) => {
  expect(wallTime(at(text), zone)).toBe(wall)
  expect(instantOf(wall, zone)).toBe(at(text))
})

test('an hour that clocks skip or repeat is read as one of its two possible instants', () => {
  expect(wallTime(instantOf('2024-03-31T02:30', 'Europe/Berlin'), 'Europe/Berlin')).toMatch(/T0[13]:30/)
  expect([at('2024-10-27T00:30:00Z'), at('2024-10-27T01:30:00Z')]).toContain(
    instantOf('2024-10-27T02:30', 'Europe/Berlin'),
  )
})

test('a day is as long as the clocks of its zone make it', () => {
  const noon = at('2024-03-31T12:00:00Z')
  const hours = (dayStart(noon, 'Europe/Berlin', 1) - dayStart(noon, 'Europe/Berlin')) / 3_600_000
  expect(hours).toBe(23)
})

test('knows which names are zones', () => {
  expect(['UTC', 'Europe/Berlin', 'Mars/Olympus', '', '+01:00'].map(isZone)).toEqual([true, true, false, false, false])
})

test.each([
  ['9999-12-31T23:59', 'Asia/Tokyo', '9999-12-31T14:59:00.000Z', '9999-12-30T15:00:00.000Z'],
  ['9999-12-31T23:59:59.999', 'America/New_York', '+010000-01-01T04:59:59.999Z', '9999-12-31T05:00:00.000Z'],
  ['10000-01-01T09:00', 'Asia/Tokyo', '+010000-01-01T00:00:00.000Z', '9999-12-31T15:00:00.000Z'],
])('%s in %s, where the year 10000 is near, is an instant of a day', (wall, zone, instant, day) => {
  expect(new Date(instantOf(wall, zone)).toISOString()).toBe(instant)
  expect(new Date(dayStart(at(instant), zone)).toISOString()).toBe(day)
  expect(dayStart(at(instant), zone, 1)).toBe(at(day) + 86_400_000)
})

test('an invalid time is NaN', () => {
  expect(instantOf('2024-13-45T99:99', 'UTC')).toBeNaN()
})

test.each([
  ['2024-01-15T10:00:00Z', '2024-01-15T10:00:00.000Z'],
  ['2024-01-15t11:00:00.1239+01:00', '2024-01-15T10:00:00.123Z'],
  ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.999Z'],
  ['1998-12-31t15:59:60.123-08:00', '1998-12-31T23:59:59.999Z'],
])('%s is the instant %s', (text, instant) => {
  expect(new Date(readInstant(text)).toISOString()).toBe(instant)
})
