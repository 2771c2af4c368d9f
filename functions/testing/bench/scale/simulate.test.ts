import { describe, expect, test } from 'vitest'
import { measured, withMeasured } from './measured.ts'
import { knativeDefaults, revisionOf, type Settings, settingsOf, sourceOf } from './settings.ts'
import { simulate } from './simulate.ts'
import { bursts, type Load, spike, trickle } from './traffic.ts'

const production = settingsOf('overlays/production')
const steady = (perSecond: number, durationS = 60): Load => ({
  name: 'steady',
  durationS,
  stepS: 0.1,
  arriving: () => perSecond / 10,
  instantsS: [durationS],
})
const withIngest = (change: Partial<Settings['ingest']>): Settings => ({
  ...knativeDefaults,
  ingest: { ...knativeDefaults.ingest, ...change },
})

test.each([
  spike,
  bursts,
  trickle,
])('everything that comes is answered, and what is answered 202 becomes visible', (load) => {
  let arrived = 0
  for (let step = 0; step < load.durationS / load.stepS; step++) arrived += load.arriving(step * load.stepS)
  const { accepted, refused, lagAtEnd } = simulate(load, production, measured)
  expect(accepted + refused).toBeCloseTo(arrived, 3)
  expect(lagAtEnd).toBe(0)
})

test('it is the same each time', () => {
  const outcomes = [1, 2].map(() => simulate(bursts, production, measured))
  expect(JSON.stringify(outcomes[0])).toBe(JSON.stringify(outcomes[1]))
})

describe('ingest', () => {
  test('a first request waits for the process and for the platform', () => {
    const { answered } = simulate(trickle, knativeDefaults, measured)
    expect(answered.quantile(0.5)).toBe(1_910)
  })

  test('one pod that is never added to answers what it can, and holds 5,000 at once', () => {
    const { accepted, refused, mostWaiting } = simulate(
      steady(6_000),
      withIngest({ minScale: 1, maxScale: 1 }),
      measured,
    )
    expect(accepted).toBe(300_000)
    // 1,000/s too many, less what waits: 5,000 with the 40 that are under way
    expect(refused).toBe(60_000 - 4_960)
    expect(mostWaiting).toBe(4_960)
  })

  test('with a containerConcurrency queue-proxy holds ten times as many', () => {
    const limited = withIngest({ minScale: 1, maxScale: 1, containerConcurrency: 100, targetBurstCapacity: 0 })
    expect(simulate(steady(6_000), limited, measured).mostWaiting).toBe(1_100 - 40)
  })

  test('with a containerConcurrency the activator holds 10,000', () => {
    const limited = withIngest({ minScale: 1, maxScale: 1, containerConcurrency: 100, targetBurstCapacity: -1 })
    expect(simulate(steady(6_000), limited, measured).mostWaiting).toBe(10_000 + 100 - 40)
  })

  test('a containerConcurrency below what a pod can do is its limit', () => {
    const limited = withIngest({ minScale: 1, maxScale: 1, containerConcurrency: 20 })
    expect(simulate(steady(6_000), limited, measured).accepted).toBeCloseTo(60 * (20 / 0.008), 3)
  })

  test('a pod that is gone is paid for until it has drained', () => {
    const once: Load = { ...steady(0, 300), arriving: (atS) => (atS === 0 ? 1 : 0) }
    const fast = simulate(once, knativeDefaults, measured).podSeconds.ingest
    const slow = simulate(once, knativeDefaults, { ...measured, drainMs: 50_000 }).podSeconds.ingest
    expect(slow - fast).toBeCloseTo(20, 6)
  })
})

describe('delivery', () => {
  const manyPods = { ...knativeDefaults.persist, minScale: 50 }
  const delivered = (source: Settings['source'], change: object = {}) => {
    const settings = { ...withIngest({ minScale: 4 }), persist: manyPods, source }
    const { accepted, lagAtEnd } = simulate(steady(12_000), settings, withMeasured(change))
    return (accepted - lagAtEnd) / 60
  }
  const unordered: Settings['source'] = { ...knativeDefaults.source, ordering: 'unordered' }

  test('ordered is 250 a second', () => {
    expect(delivered(knativeDefaults.source)).toBeCloseTo(250, 3)
  })

  test('unordered is 50 for each time that persist takes, up to what the dispatcher can do', () => {
    expect(delivered(unordered, { persist: { latencyMs: 20 } })).toBeCloseTo(2_500, 3)
    expect(delivered(unordered)).toBeCloseTo(5_000, 3)
  })

  test('it takes 21 consumers for a second dispatcher', () => {
    expect(delivered({ ...unordered, consumers: 20 })).toBeCloseTo(5_000, 3)
    expect(delivered({ ...unordered, consumers: 21 })).toBeCloseTo(10_000, 3)
  })

  test('without a pod what is in flight starts one', () => {
    const { pods, lagAtEnd } = simulate(steady(100), { ...knativeDefaults, source: unordered }, measured)
    expect(pods).toMatchObject([{ atS: 60, dispatcher: 1, persist: 1 }])
    expect(lagAtEnd).toBe(0)
  })
})

describe('settings', () => {
  test('an annotation that is not simulated is refused', () => {
    const annotations = { 'autoscaling.knative.dev/metric': 'rps' }
    expect(() => revisionOf({ spec: { template: { metadata: { annotations }, spec: {} } } })).toThrow('rps')
    const unknown = { 'autoscaling.knative.dev/initial-scale': '3' }
    expect(() => revisionOf({ spec: { template: { metadata: { annotations: unknown }, spec: {} } } })).toThrow(
      'initial-scale',
    )
  })

  test('a containerConcurrency bounds the target', () => {
    const annotations = { 'autoscaling.knative.dev/target': '80' }
    const service = { spec: { template: { metadata: { annotations }, spec: { containerConcurrency: 50 } } } }
    expect(revisionOf(service)).toMatchObject({ target: 50, containerConcurrency: 50 })
  })

  test('those of knative/ are read from there', () => {
    expect(production.source).toMatchObject({ ordering: 'unordered', keda: { minScale: 0 } })
    expect(production.ingest.minScale).toBeGreaterThan(settingsOf('base').ingest.minScale)
    expect(sourceOf({ metadata: {}, spec: {} })).toEqual({ ordering: 'ordered', consumers: 1, keda: undefined })
  })
})

test('what was measured replaces what is assumed, and nothing else is taken', () => {
  expect(withMeasured({ persist: { perSecond: 3_000 } })).toEqual({
    ...measured,
    persist: { ...measured.persist, perSecond: 3_000 },
  })
  expect(() => withMeasured({ persist: { perMinute: 3_000 } })).toThrow('perMinute')
})
