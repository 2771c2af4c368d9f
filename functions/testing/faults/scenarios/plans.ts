import type { Fault, LinkName, PartName, Step } from '../fault.ts'
import type { Toxic } from '../proxy.ts'
import type { Moments, Scenario } from './scenario.ts'

export const early = ({ random, ms }: Moments) => random.between(ms * 0.1, ms * 0.4)
export const anyTime = ({ random, ms }: Moments) => random.between(ms * 0.1, ms * 0.9)
export const times = (count: number, step: () => readonly Step[]) => Array.from({ length: count }, step).flat()
export const at = (when: number, ...faults: Fault[]): Step[] => faults.map((fault) => ({ at: when, ...fault }))

export const signal =
  (name: 'SIGKILL' | 'SIGTERM', count: number, ...parts: PartName[]) =>
  (moments: Moments) =>
    times(count, () => at(anyTime(moments), ...parts.map((part): Fault => ({ do: 'signal', part, signal: name }))))

export const paused =
  (ms: number, ...parts: PartName[]) =>
  (moments: Moments) => {
    const from = early(moments)
    return parts.flatMap((part) => [
      ...at(from, { do: 'signal', part, signal: 'SIGSTOP' }),
      ...at(from + ms, { do: 'signal', part, signal: 'SIGCONT' }),
    ])
  }

export const toxic =
  (on: LinkName, toxic: Toxic, ms: number) =>
  (moments: Moments): Step[] => {
    const from = early(moments)
    return [...at(from, { do: 'toxic', on, toxic }), ...at(from + ms, { do: 'toxic', on, toxic: undefined })]
  }

/** Cuts connections again and again, never at the same byte. */
export const cuts =
  (on: LinkName, direction: 'up' | 'down', max: number) =>
  (moments: Moments): Step[] => {
    const each = times(8, () => {
      const afterBytes = moments.random.between(1, max)
      return at(anyTime(moments), { do: 'toxic', on, toxic: { kind: 'cut', afterBytes, direction } })
    })
    return [...each, ...at(moments.ms * 0.95, { do: 'toxic', on, toxic: undefined })]
  }

export const resets =
  (on: LinkName, count = 8) =>
  (moments: Moments): Step[] =>
    times(count, () => at(anyTime(moments), { do: 'toxic', on, toxic: { kind: 'reset' } }))

export const aBroker = ({ random }: Moments) => random.between(1, 3)

export const put =
  (what: 'poison' | 'everything again') =>
  (moments: Moments): Step[] =>
    at(anyTime(moments), { do: 'put', what })

export const both =
  (...plans: Scenario['plan'][]) =>
  (moments: Moments) =>
    plans.flatMap((plan) => plan(moments))
export const nothing: Scenario['plan'] = () => []

export const crashing =
  (part: PartName, point: string, min: number, max: number): NonNullable<Scenario['setup']> =>
  (random) => ({
    crashes: { [part]: Array.from({ length: 3 }, () => `${point}#${random.between(min, max)}`) },
  })

/** Applies a toxic early in the load, for the given time. */
export const during =
  (ms: number, from: readonly Fault[], to: readonly Fault[]) =>
  (moments: Moments): Step[] => {
    const begin = early(moments)
    return [...at(begin, ...from), ...at(begin + ms, ...to)]
  }

/** Applies a toxic from the first request on. */
export const lasting = (on: LinkName, toxic: Toxic) => (): Step[] => at(0, { do: 'toxic', on, toxic })
