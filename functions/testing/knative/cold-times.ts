import { type Cluster, eventually, type Pod } from './cluster.ts'
import type { Followed } from './command.ts'
import { namespace } from './deployment.ts'

/** What happened during one start, in milliseconds after the request; the last is the answer. */
export type Moments = { [what: string]: number }

export type Observer = AsyncDisposable & {
  /** Starts a function from zero with one request, and finds out what happened when. */
  start(name: string, ask: () => Promise<unknown>): Promise<Moments>
}

export const answer = 'first answer'
export const started = 'container of the function started'
export const listening = 'function listens'

/** Follows the pods in the API server, and the containers in the runtime. */
export function observeStarts(cluster: Cluster): Observer {
  const columns = 'custom-columns=NAME:.metadata.name,NODE:.spec.nodeName'
  const pods = cluster.control.follow(['kubectl', '-n', namespace, 'get', 'pods', '-w', '--no-headers', '-o', columns])
  const tasks = cluster.control.follow(['ctr', 'events'])
  return {
    async start(name, ask) {
      const asked = Date.now()
      await ask()
      const answered = Date.now()
      // not the pods that there are now: this one may be on its way out again, and earlier ones still are
      const earlier = new Set(pods.lines.flatMap(({ at, text }) => (at < asked ? nameIn(text) : [])))
      const isNew = ({ text }: { text: string }) => text.startsWith(`${name}-`) && !earlier.has(nameIn(text))
      await eventually(`a pod of ${name} was created`, async () => pods.lines.some(isNew))
      const pod = await cluster.get<Pod>(`pod ${nameIn(pods.lines.find(isNew)?.text ?? '')}`)
      const moments: [string, number | undefined][] = [
        ['pod created', seen(pods, asked, (line) => line.startsWith(pod.metadata.name))],
        ['pod scheduled', seen(pods, asked, (line) => line.startsWith(pod.metadata.name) && !line.endsWith('<none>'))],
        ['sandbox started', seen(tasks, asked, (line) => line.includes('/tasks/start'))],
        [started, startOf(tasks, pod, (container) => container !== 'queue-proxy')],
        [listening, await firstLine(cluster, pod, name, 'listening')],
        ['container of queue-proxy started', startOf(tasks, pod, (container) => container === 'queue-proxy')],
        ['first line of queue-proxy', await firstLine(cluster, pod, 'queue-proxy', '')],
        [answer, answered],
      ]
      return Object.fromEntries(moments.flatMap(([what, at]) => (at === undefined ? [] : [[what, at - asked]])))
    },
    async [Symbol.asyncDispose]() {
      pods.end()
      tasks.end()
    },
  }
}

const nameIn = (line: string) => line.split(' ')[0] ?? ''

const seen = ({ lines }: Followed, from: number, is: (line: string) => boolean) =>
  lines.find(({ at, text }) => at >= from && is(text.trim()))?.at

function startOf(tasks: Followed, { status }: Pod, is: (container: string) => boolean): number | undefined {
  const id = status.containerStatuses?.find(({ name }) => is(name))?.containerID?.replace('containerd://', '')
  return id === undefined ? undefined : seen(tasks, 0, (line) => line.includes('/tasks/start') && line.includes(id))
}

/** When the runtime wrote the first line of a container that contains the text. */
async function firstLine(cluster: Cluster, pod: Pod, name: string, text: string): Promise<number | undefined> {
  const container = pod.spec.containers.find((one) => one.name === name)?.name ?? pod.spec.containers[0]?.name
  const log = await cluster.kubectl(`logs ${pod.metadata.name} -c ${container} --timestamps`)
  const line = log.split('\n').find((one) => one.includes(text))
  const at = Date.parse(line?.slice(0, line.indexOf(' ')) ?? '')
  return Number.isNaN(at) ? undefined : at
}
