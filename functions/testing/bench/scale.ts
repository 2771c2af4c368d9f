import { measured as estimates, type Measured, readMeasured } from './scale/measured.ts'
import { knativeDefaults, type Settings, settingsOf } from './scale/settings.ts'
import { type Outcome, simulate } from './scale/simulate.ts'
import { changedFrom } from './scale/sweep.ts'
import { bursts, day, type Load, loads, spike } from './scale/traffic.ts'

export type ScaleOptions = {
  /** A file that replaces what the simulation is fed (scale/measured.ts). */
  measured?: string | undefined
  /** Whether to change one setting after the other, too. */
  sweep?: boolean | undefined
}

/** Simulates what Knative does with our settings and with its own, and returns it as Markdown. The same each time. */
export function measureScale({ measured: file, sweep }: ScaleOptions): string {
  const measured = file === undefined ? estimates : readMeasured(file)
  const production = settingsOf('overlays/production')
  const settings = {
    "Knative's defaults": knativeDefaults,
    'the same, unordered': { ...knativeDefaults, source: { ...knativeDefaults.source, ordering: 'unordered' } },
    'knative/base': settingsOf('base'),
    'knative/overlays/production': production,
  } as const
  const parts = loads.flatMap((load) => compare(load, settings, measured))
  return [...parts, ...(sweep ? [spike, bursts, day].flatMap((load) => sweepOf(load, production, measured)) : [])].join(
    '\n',
  )
}

function compare(load: Load, settings: { [name: string]: Settings }, measured: Measured): string[] {
  const outcomes = Object.entries(settings).map(([name, set]) => [name, simulate(load, set, measured)] as const)
  return [
    `\n## ${load.name}\n`,
    ...table(
      ['settings', ...Object.keys(figures)],
      outcomes.map(([name, outcome]) => [name, ...figuresOf(outcome)]),
    ),
    '\nPods that serve: ingest / dispatcher / persist\n',
    ...table(
      ['settings', ...load.instantsS.map(timeOf)],
      outcomes.map(([name, { pods }]) => [
        name,
        ...pods.map(({ ingest, dispatcher, persist }) => `${ingest} / ${dispatcher} / ${persist}`),
      ]),
    ),
  ]
}

function sweepOf(load: Load, production: Settings, measured: Measured): string[] {
  const variants = Object.entries({ 'as it is': production, ...changedFrom(production) })
  const rows = variants.map(([name, settings]) => [name, ...figuresOf(simulate(load, settings, measured))])
  return [`\n## production, one thing changed; ${load.name}\n`, ...table(['changed', ...Object.keys(figures)], rows)]
}

const seconds = (ms: number | undefined) => (ms === undefined ? '–' : digits(ms / 1000))
const digits = (value: number) => value.toLocaleString('en', { maximumSignificantDigits: value >= 1000 ? 15 : 3 })
const count = (value: number) => Math.round(value).toLocaleString('en')

const figures: { [head: string]: (outcome: Outcome) => string } = {
  '503s': ({ refused }) => count(refused),
  'POST→202 p50, p99 (s)': ({ answered }) => `${seconds(answered.quantile(0.5))}, ${seconds(answered.quantile(0.99))}`,
  'most waiting for ingest': ({ mostWaiting }) => count(mostWaiting),
  'POST→visible p50, p99 (s)': ({ visible }) => `${seconds(visible.quantile(0.5))}, ${seconds(visible.quantile(0.99))}`,
  'most lag': ({ mostLag }) => count(mostLag),
  'lag at the end': ({ lagAtEnd }) => count(lagAtEnd),
  'pod-seconds ingest / dispatcher / persist': ({ podSeconds: { ingest, dispatcher, persist } }) =>
    `${count(ingest)} / ${count(dispatcher)} / ${count(persist)}`,
  'consumers changed': ({ consumerChanges }) => count(consumerChanges),
}
const figuresOf = (outcome: Outcome) => Object.values(figures).map((show) => show(outcome))

function timeOf(atS: number): string {
  if (atS < 3_600) return `${atS} s`
  const minutes = Math.round(atS / 60)
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, at) => (at === 0 ? '---' : '---:'))), ...rows.map(line)]
}
