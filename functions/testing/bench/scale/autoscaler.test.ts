import { describe, expect, test } from 'vitest'
import {
  atRest,
  createWindow,
  decide,
  isBehindActivator,
  mayGoToZero,
  type Observed,
  type ScalerState,
  withinBounds,
} from './autoscaler.ts'
import { knativeDefaults, type Revision } from './settings.ts'

const defaults = knativeDefaults.ingest
const aRevision = (change: Partial<Revision> = {}): Revision => ({ ...defaults, ...change })
const observed = (change: Partial<Observed>): Observed => ({ atS: 100, readyPods: 1, stable: 0, panic: 0, ...change })

/** What it decides at each of these, one after the other. */
function decisions(revision: Revision, ...all: Partial<Observed>[]): number[] {
  let state: ScalerState = atRest
  return all.map((one) => {
    const [pods, next] = decide(revision, state, observed(one))
    state = next
    return pods
  })
}

describe('by load', () => {
  test('a pod is meant to have 70 % of its target', () => {
    expect(decisions(aRevision(), { readyPods: 3, stable: 140 }, { readyPods: 3, stable: 141 })).toEqual([2, 3])
  })

  test('of what is ready half may go at once', () => {
    expect(decisions(aRevision(), { readyPods: 21, stable: 70 })).toEqual([10])
  })

  test('a thousand times as many may come at once', () => {
    expect(decisions(aRevision({ target: 1 }), { readyPods: 2, stable: 5_000 })).toEqual([2_000])
  })

  test('none is left when nothing comes', () => {
    expect(decisions(aRevision(), { readyPods: 1 })).toEqual([0])
  })

  test('an activation scale is for the first one', () => {
    expect(decisions(aRevision({ activationScale: 3 }), { readyPods: 0, stable: 1, panic: 1 }, {})).toEqual([3, 0])
  })
})

describe('in panic', () => {
  const calm = { readyPods: 4, stable: 70, panic: 70 }

  test('it begins where the panic window wants twice what is ready', () => {
    expect(decisions(aRevision(), { readyPods: 2, stable: 70, panic: 210 })).toEqual([1])
    expect(decisions(aRevision(), { readyPods: 2, stable: 70, panic: 211 })).toEqual([4])
  })

  test('no pod goes until a stable window after its last sign', () => {
    const panic = { readyPods: 2, stable: 70, panic: 280 }
    const seen = [
      { ...panic, atS: 100 },
      { ...calm, atS: 102 },
      { ...calm, atS: 160 },
      { ...calm, atS: 162 },
    ]
    expect(decisions(aRevision(), ...seen)).toEqual([4, 4, 4, 2])
  })

  test('each sign makes it longer', () => {
    const panic = { readyPods: 2, stable: 70, panic: 280 }
    const seen = [
      { ...panic, atS: 100 },
      { ...panic, atS: 150 },
      { ...calm, atS: 180 },
      { ...calm, atS: 212 },
    ]
    expect(decisions(aRevision(), ...seen)).toEqual([4, 4, 4, 2])
  })

  test('the stable window counts where it wants more', () => {
    expect(decisions(aRevision(), { readyPods: 1, stable: 350, panic: 140 })).toEqual([5])
  })

  test('it forgets how many there were', () => {
    const high = { readyPods: 2, stable: 70, panic: 700 }
    const low = { readyPods: 1, stable: 70, panic: 140 }
    expect(decisions(aRevision(), { ...high, atS: 100 }, { ...calm, atS: 200 }, { ...low, atS: 202 })).toEqual([
      10, 2, 2,
    ])
  })
})

test('a scale-down delay keeps the most that was wanted so lately', () => {
  const seen = [
    { atS: 100, readyPods: 4, stable: 280 },
    { atS: 102, readyPods: 4, stable: 140 },
    { atS: 128, readyPods: 4, stable: 140 },
    { atS: 130, readyPods: 4, stable: 140 },
  ]
  expect(decisions(aRevision({ scaleDownDelayS: 30 }), ...seen)).toEqual([4, 4, 4, 2])
  expect(decisions(aRevision(), ...seen)).toEqual([4, 2, 2, 2])
})

test('there are never fewer than min-scale, nor more than max-scale where there is one', () => {
  const revision = aRevision({ minScale: 2, maxScale: 5 })
  expect([0, 3, 9].map((pods) => withinBounds(revision, pods))).toEqual([2, 3, 5])
  expect(withinBounds(aRevision(), 900)).toBe(900)
})

describe('the last pod goes', () => {
  test('once the activator has stood before it for 30 s', () => {
    expect(
      [
        [2, 29],
        [2, 30],
        [29, 29],
        [30, 0],
      ].map(([idle, behind]) => mayGoToZero(defaults, idle!, behind!)),
    ).toEqual([false, true, false, true])
  })

  test('not before its retention period', () => {
    const revision = aRevision({ podRetentionS: 300 })
    expect(
      [
        [299, 900],
        [300, 900],
      ].map(([idle, behind]) => mayGoToZero(revision, idle!, behind!)),
    ).toEqual([false, true])
  })
})

test('the activator stands before pods that could not take the burst that is to be expected', () => {
  expect([0, 2, 3, 4].map((pods) => isBehindActivator(defaults, pods, 0))).toEqual([true, true, false, false])
  expect([3, 4].map((pods) => isBehindActivator(defaults, pods, 100))).toEqual([true, false])
  expect([0, 1].map((pods) => isBehindActivator(aRevision({ targetBurstCapacity: 0 }), pods, 900))).toEqual([
    true,
    false,
  ])
  expect(isBehindActivator(aRevision({ targetBurstCapacity: -1 }), 900, 0)).toBe(true)
})

describe('the mean of a window', () => {
  test('is over as much of it as there is', () => {
    const window = createWindow(60)
    window.record(10, 30)
    window.record(11, 60)
    expect(window.mean(11, 60)).toBe(45)
    expect(window.mean(12, 60)).toBe(30)
    expect(window.mean(12, 2)).toBe(30)
  })

  test('leaves out what is older', () => {
    const window = createWindow(60)
    for (let second = 0; second < 70; second++) window.record(second, second < 64 ? 0 : 10)
    expect(window.mean(69, 60)).toBe(1)
    expect(window.mean(69, 6)).toBe(10)
  })

  test('begins anew after a gap of its length', () => {
    const window = createWindow(60)
    window.record(0, 10)
    window.record(200, 10)
    expect(window.mean(200, 60)).toBe(10)
    expect(window.mean(300, 60)).toBe(0)
  })
})
