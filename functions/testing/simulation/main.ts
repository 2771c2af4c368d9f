import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { simulate } from './simulate.ts'
import { simulateMany } from './simulate-many.ts'
import { safeguards } from './simulated-processes.ts'

const usage = `Usage: npm run system -- simulation [--seeds 10000] [--from 1] [--without SAFEGUARD]
       npm run system -- simulation --seed 4711 [--without SAFEGUARD]

Runs ingest, the dispatchers, persist and query over a simulated broker, store, network and clock. A seed decides
crashes, lost messages and rebalances; every run is checked against the promises of the log. --seed prints one run step
by step. --without removes a safeguard:

  ${safeguards.join('\n  ')}`

async function main() {
  const options = {
    seeds: { type: 'string', default: '500' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    without: { type: 'string' },
    help: { type: 'boolean' },
  } as const
  const { values } = parseArgs({ options })
  const without = safeguards.find((safeguard) => safeguard === values.without)
  if (values.help || (values.without !== undefined && !without)) return console.log(usage)

  if (values.seed !== undefined) {
    const { violations, hash } = await simulate(Number(values.seed), {
      ...(without && { without }),
      say: (line) => console.log(line),
    })
    console.log(`${violations.length} violations, trace ${hash}`)
    process.exitCode = violations.length > 0 ? 1 : 0
    return
  }

  const start = performance.now()
  const count = Number(values.seeds)
  const broken = await simulateMany({ first: Number(values.from), count, without }, availableParallelism(), (one) =>
    console.log(`seed ${one.seed}: ${one.violations.slice(0, 3).join('; ')}`),
  )
  const minutes = (performance.now() - start) / 60_000
  console.log(`${count} seeds, ${broken.length} broke a promise, ${Math.round(count / minutes)} a minute`)
  process.exitCode = broken.length > 0 ? 1 : 0
}

await main()
