import { parseArgs } from 'node:util'
import { StartError } from '@activity-log/shared/config.ts'

/** The last commit whose records and databases have the former format. */
const beforeTheFormat = '820e461'

export type Options = {
  proofs: readonly string[]
  isShort: boolean
  from: string
  report?: string
  isKept: boolean
  isBuilt: boolean
  /** How often a start from zero is measured. */
  rounds: number
}

export function readOptions(
  words: readonly string[],
  { all, short }: { all: readonly string[]; short: readonly string[] },
): Options | 'help' {
  const options = {
    short: { type: 'boolean' },
    from: { type: 'string' },
    report: { type: 'string' },
    keep: { type: 'boolean' },
    built: { type: 'boolean' },
    rounds: { type: 'string' },
    help: { type: 'boolean' },
  } as const
  const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true })
  if (values.help) return 'help'
  const unknown = positionals.filter((name) => !all.includes(name))
  if (unknown.length > 0) throw new StartError(`There is no proof ${unknown.join(', ')}; there are ${all.join(', ')}.`)
  const rounds = Number(values.rounds ?? 10)
  if (!Number.isSafeInteger(rounds) || rounds < 1) throw new StartError('--rounds must be a whole number above 0.')
  const usual = values.short ? short : all
  return {
    proofs: positionals.length > 0 ? all.filter((name) => positionals.includes(name)) : usual,
    isShort: values.short === true,
    from: values.from ?? beforeTheFormat,
    isKept: values.keep === true,
    isBuilt: values.built === true,
    rounds,
    ...(values.report && { report: values.report }),
  }
}

export const usage = (names: readonly string[]) => `Usage: npm run system -- knative [PROOF…] [OPTIONS]

Builds the images, starts the cluster that CLUSTER_CONTROL names, applies knative/overlays/serving-only, and proves the
promises there, through the ingress. Afterwards the cluster is gone. The report is Markdown, on the standard output.

Proofs: ${names.join(', ')}

  --short          less of each, in at most six minutes
  --from COMMIT    the upgrade starts with the images of this commit (default ${beforeTheFormat})
  --rounds N       measures each start from zero so often (default 10)
  --report FILE    writes the report there as well
  --keep           leaves the cluster running; the next run uses it, with an empty log
  --built          the images are in the cluster already, from a run with --keep

MONGODB_IMAGE names an image in place of mongo:8, and CLUSTER_INGRESS_NAMESPACE the namespace of the ingress
(knative-ingress), whose Services are called ingress and ingress-internal.`
