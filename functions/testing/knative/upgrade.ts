import { openAccount } from './account.ts'
import { type Cluster, eventually } from './cluster.ts'
import { aPod, deployment, mongodbUri, namespace } from './deployment.ts'
import { loadEarlierImages } from './images.ts'
import { type Context, type Findings, isDocumented, others, type Proof, seconds } from './proof.ts'

const rate = 20
const many = 1000
/** The collections of the former format, and of the present one; UPGRADING.md has the table. */
const former = ['activities', 'deadLetters', 'fates', 'books']
const present = ['recordedActivities', 'keptDeadLetters', 'outcomes', 'ledger', 'meta']

/**
 * UPGRADING.md while activities arrive: from the images of an earlier commit to a migrated database, back before the
 * new version has saved anything, and to the new version.
 */
export const upgrade: Proof = {
  title: 'An upgrade, and back',
  async run(context): Promise<Findings> {
    const { cluster, origins, from, say } = context
    say(`building the images of ${from}`)
    await loadEarlierImages(cluster.control, from)
    say('an empty log of the earlier version')
    await cluster.deleteLog()
    await cluster.apply(deployment({ tag: from, isEarlier: true }))
    await cluster.kubectl('wait --for=condition=Complete job/topics --timeout=600s')
    await cluster.ready()
    const account = openAccount(origins, cluster.positions)
    await account.postMany(many)
    await untilListed(context, many)

    const text: string[] = []
    const done = Promise.withResolvers<void>()
    const posting = account.postEvenly(rate, done.promise)
    try {
      say('migrate, while the earlier version runs')
      const first = await migrate(cluster, 'first')
      say('back: no validators, no new collections')
      await mongosh(cluster, [
        ...former.map((name) => `db.runCommand({ collMod: '${name}', validator: {} })`),
        ...present.map((name) => `db.getCollection('${name}').drop()`),
      ])
      const listed = await untilListed(context, account.count())
      text.push(
        `- \`migrate\` while the earlier version ran: ${seconds(first)} s; persist answered 503 from then on.`,
        `- Back: the validators and the new collections were removed, and the earlier version stored again what had arrived meanwhile after ${seconds(listed)} s.`,
      )
      say('forward: the new images')
      await cluster.apply(deployment())
      await cluster.ready()
      const answers = await fetch(`${origins.query}/logs?limit=1`)
      text.push(`- The new images, before the migration: \`GET /logs\` answered ${answers.status}.`)
      say('migrate again')
      const second = await migrate(cluster, 'second')
      text.push(`- \`migrate\`: ${seconds(second)} s. No function was started again.`)
    } finally {
      done.resolve()
    }
    const posts = await posting
    say('comparing')
    const { sent, found, problems } = await account.audit()
    text.push(
      `- ${posts.length} POSTs meanwhile, ${rate} a second; not 202: ${others(posts, 202)}.`,
      `- ${found} found of ${sent}, compared byte for byte; the ledger is complete.`,
    )
    const wrong = posts.filter((answer) => !isDocumented(answer, 202)).map(({ status, why }) => `${status} ${why}`)
    return { text: [`From \`${from}\`:`, text.join('\n')], problems: [...problems, ...wrong] }
  },
}

/** The earlier version lists at least so many. */
const untilListed = ({ origins: { query } }: Context, count: number) =>
  eventually(`${count} activities are listed`, async () => {
    const response = await fetch(`${query}/logs?limit=1&count=exact`)
    return response.ok && ((await response.json()) as { total: number }).total >= count
  })

/** Runs the command in a pod with the label of persist, which may therefore reach MongoDB. */
async function migrate(cluster: Cluster, name: string): Promise<number> {
  const pod = aPod(`migrate-${name}`, '', {
    labels: { 'serving.knative.dev/service': 'persist' },
    env: { MONGODB_URI: mongodbUri, MONGODB_DATABASE: namespace },
    command: ['/nodejs/bin/node', '/app/cli.cjs', 'migrate'],
  })
  const began = performance.now()
  await cluster.apply([pod])
  let phase = ''
  await eventually(`migrate-${name} ends`, async () => {
    phase = await cluster.kubectl(`get pod migrate-${name} -o jsonpath={.status.phase}`)
    return /Succeeded|Failed/.test(phase)
  })
  if (phase === 'Failed') throw new Error(`migrate failed: ${await cluster.kubectl(`logs migrate-${name}`)}`)
  return performance.now() - began
}

async function mongosh(cluster: Cluster, commands: readonly string[]): Promise<void> {
  const exec = ['kubectl', '-n', namespace, 'exec', 'mongodb-0', '--', 'mongosh', '--quiet', namespace, '--eval']
  await cluster.control([...exec, commands.join('; ')])
}
