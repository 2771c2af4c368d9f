import { type Cluster, conditionOf, eventually } from './cluster.ts'
import { deployment } from './deployment.ts'
import { functions } from './images.ts'
import { type Findings, isDocumented, others, type Proof, table } from './proof.ts'

const wrong = { LOG_LEVEL: 'loud' }
const misconfigured = 78

/** A revision with a setting that no function accepts stops with exit code 78, and the one before it goes on. */
export const wrongConfiguration: Proof = {
  title: 'A wrong configuration',
  async run({ cluster, account, say }): Promise<Findings> {
    const before = await revisions(cluster)
    say('a revision of each function with LOG_LEVEL=loud')
    await cluster.apply(deployment({ env: { ingest: wrong, persist: wrong, query: wrong } }))
    const rejected = Promise.all(
      functions.map((name) =>
        eventually(`${name} reports its exit code`, 120_000, async () => {
          const service = await cluster.service(name)
          const { status, message = '' } = conditionOf(service, 'ConfigurationsReady') ?? {}
          return status === 'False' && message.includes(`${misconfigured}`)
        }),
      ),
    )
    const posts = await account.postEvenly(10, rejected)
    const times = await rejected
    const after = await revisions(cluster)
    const messages = await Promise.all(
      functions.map(async (name) => conditionOf(await cluster.service(name), 'ConfigurationsReady')?.message ?? ''),
    )
    say('the setting that works again')
    await cluster.apply(deployment())
    await cluster.ready()
    const audit = await account.audit()
    const moved = functions.filter((_name, index) => before[index] !== after[index])
    return {
      text: [
        table(
          ['function', 's until the revision is rejected', 'what the Service says', 'takes the traffic'],
          functions.map((name, index) => [
            name,
            Math.round((times[index] ?? 0) / 1000),
            firstLine(messages[index] ?? ''),
            after[index] ?? '',
          ]),
        ),
        `POSTs meanwhile: ${posts.length}, not 202: ${others(posts, 202)}.`,
      ],
      problems: [
        ...moved.map((name) => `${name}: another revision takes the traffic`),
        ...posts.filter((answer) => !isDocumented(answer, 202)).map(({ status, why }) => `${status} ${why}`),
        ...posts.filter(({ status }) => status !== 202).map(({ status }) => `a POST got ${status}`),
        ...audit.problems,
      ],
    }
  },
}

const firstLine = (text: string) => (text.split('\n')[0] ?? '').slice(0, 160).replaceAll('|', '\\|')

const revisions = (cluster: Cluster) =>
  Promise.all(functions.map(async (name) => (await cluster.service(name)).status.latestReadyRevisionName))
