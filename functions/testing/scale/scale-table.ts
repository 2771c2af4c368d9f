export type Measured = { name: string; size: number; ms: number; plainMs: number | undefined; coldMs?: number }

const short = (size: number) => (size >= 1_000_000 ? `${size / 1_000_000} M` : `${size / 1000} k`)
const figure = (ms: number | undefined) => (ms === undefined ? '' : ms < 10 ? ms.toFixed(2) : ms.toFixed(0))

/** A line for each request: the p50 in ms for each size, the ratio of the largest to the smallest, and the plain table. */
export function tableOf(measured: readonly Measured[]): string {
  const sizes = [...new Set(measured.map(({ size }) => size))]
  const names = [...new Set(measured.map(({ name }) => name))]
  const isCold = measured.some(({ coldMs }) => coldMs !== undefined)
  const labels = sizes.map(short)
  const head = [
    'request',
    ...labels,
    ...(sizes.length > 1 ? ['ratio'] : []),
    ...labels.map((label) => `plain ${label}`),
    ...(isCold ? labels.map((label) => `cold ${label}`) : []),
  ]
  const lines = names.map((name) => {
    const of = sizes.map((size) => measured.find((each) => each.name === name && each.size === size))
    const ratio = (of.at(-1)?.ms ?? Number.NaN) / (of[0]?.ms ?? Number.NaN)
    return [
      name,
      ...of.map((each) => figure(each?.ms)),
      ...(sizes.length > 1 ? [ratio.toFixed(2)] : []),
      ...of.map((each) => figure(each?.plainMs)),
      ...(isCold ? of.map((each) => figure(each?.coldMs)) : []),
    ]
  })
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [row(head), row(['---', ...head.slice(1).map(() => '---:')]), ...lines.map(row)].join('\n')
}
