import { type Cluster, conditionOf, eventually } from './cluster.ts'
import { deployment } from './deployment.ts'
import { type FunctionName, functions } from './images.ts'
import { type Findings, isDocumented, others, type Proof, table } from './proof.ts'

const wrong = { LOG_LEVEL: 'loud' }
const misconfigured = 78

/** A revision with a setting that no function accepts stops with exit code 78, and the one before it goes on. */
export const wrongConfiguration: Proof = {
  title: 'A wrong configuration',
  async run({ cluster, account, isShort, say }): Promise<Findings> {
    const before = await revisions(cluster)
    say('a revision of each function with LOG_LEVEL=loud')
    await cluster.apply(deployment({ env: { ingest: wrong, persist: wrong, query: wrong } }))
    const ended = Promise.all(functions.map((name) => untilItEnds(cluster, name)))
    const posts = await account.postEvenly(10, ended)
    const times = await ended
    const after = await revisions(cluster)
    const messages = await Promise.all(functions.map((name) => (isShort ? '' : complaint(cluster, name))))
    say('the setting that works again')
    await cluster.apply(deployment())
    await cluster.ready()
    const audit = await account.audit()
    const moved = functions.filter((_name, index) => before[index] !== after[index])
    return {
      text: [
        table(
          ['function', 's until it ended with 78 and was tried again', 'what the Service says', 'takes the traffic'],
          functions.map((name, index) => [
            name,
            Math.round((times[index] ?? 0) / 1000),
            cell(messages[index] ?? ''),
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

/** A pod of the newest revision has ended with the exit code and was started again. */
const untilItEnds = (cluster: Cluster, name: FunctionName) =>
  eventually(`${name} ends with ${misconfigured}, and again`, async () => {
    const { latestCreatedRevisionName: newest, latestReadyRevisionName: ready } = (await cluster.service(name)).status
    const all = await cluster.podsOf(name)
    const its = all.filter(({ metadata }) => metadata.labels?.['serving.knative.dev/revision'] === newest)
    return (
      newest !== ready &&
      its.some(({ status }) =>
        status.containerStatuses?.some(
          ({ restartCount, lastState }) => restartCount > 0 && lastState?.terminated?.exitCode === misconfigured,
        ),
      )
    )
  })

/** Serving takes over what the function wrote before it ended. */
async function complaint(cluster: Cluster, name: FunctionName): Promise<string> {
  let message = ''
  await eventually(`the Service ${name} reports the mistake`, async () => {
    message = conditionOf(await cluster.service(name), 'ConfigurationsReady')?.message ?? ''
    return message.includes('LOG_LEVEL must be')
  })
  return message.replaceAll(/\s+/g, ' ')
}

const cell = (text: string) => text.slice(0, 160).replaceAll('|', '\\|')

const revisions = (cluster: Cluster) =>
  Promise.all(functions.map(async (name) => (await cluster.service(name)).status.latestReadyRevisionName))
