/** Activities, one a request, that come whether or not the last ones were answered. */
export type Load = {
  name: string
  durationS: number
  /** The clock's; a second is a multiple of it. */
  stepS: number
  /** How many come from `atS` until a step later. */
  arriving(atS: number): number
  /** When to say how many pods there are. */
  instantsS: readonly number[]
}

const stepS = 0.1

/** Nothing, then all at once, then nothing. */
export const spike: Load = {
  name: 'spike: from 0 to 10,000/s at once, for 2 minutes',
  durationS: 600,
  stepS,
  arriving: (atS) => (atS < 120 ? 10_000 * stepS : 0),
  instantsS: [1, 3, 5, 10, 30, 60, 119, 150, 180, 240, 300, 600],
}

export const bursts: Load = {
  name: 'bursts: 10,000/s for 20 s, every 3 minutes, ten times',
  durationS: 1_980,
  stepS,
  arriving: (atS) => (atS < 1_800 && atS % 180 < 20 ? 10_000 * stepS : 0),
  instantsS: [3, 5, 10, 60, 120, 179, 183, 185, 190, 240, 359, 1_980],
}

const hour = 3_600
const dayStepS = 0.5

export const day: Load = {
  name: 'day: from 06:00 up to 8,000/s at 14:00, down to nothing at 22:00, and a night',
  durationS: 24 * hour,
  stepS: dayStepS,
  arriving: (atS) => {
    const sinceSix = atS - 6 * hour
    const isDay = sinceSix > 0 && sinceSix < 16 * hour
    return isDay ? 8_000 * dayStepS * Math.sin((Math.PI * sinceSix) / (16 * hour)) : 0
  },
  instantsS: [3, 6.1, 7, 8, 10, 12, 14, 16, 18, 20, 21.9, 23].map((at) => at * hour),
}

/** So rarely that a pod without work is gone before the next. */
export const trickle: Load = {
  name: 'trickle: one activity every 5 minutes, for 2 hours',
  durationS: 2 * hour,
  stepS,
  arriving: (atS) => (atS % 300 < stepS / 2 ? 1 : 0),
  instantsS: [1, 3, 5, 20, 60, 90, 120, 180, 299, 301, 303, 305],
}

export const loads: readonly Load[] = [spike, bursts, day, trickle]
