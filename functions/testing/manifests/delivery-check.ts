import { dirname } from 'node:path'
import { Config } from '@activity-log/persist/config.ts'
import { deliveryRule, deliveryTrust } from '@activity-log/persist/delivery-config.ts'
import { readConfig } from '@activity-log/shared/config.ts'
import * as v from 'valibot'
import { all, type Check, differs, environmentOf, functionsIn, sourcesIn } from './checks.ts'
import type { Manifest } from './kustomize.ts'

const Mounts = v.optional(v.array(v.object({ name: v.string(), mountPath: v.string() })), [])
const Volume = v.object({
  name: v.string(),
  configMap: v.optional(v.object({ name: v.string() })),
  projected: v.optional(
    v.object({
      sources: v.tuple([v.object({ serviceAccountToken: v.object({ path: v.string(), audience: v.string() }) })]),
    }),
  ),
})
const Pod = v.object({
  serviceAccountName: v.string(),
  volumes: v.optional(v.array(Volume), []),
  containers: v.tuple([
    v.looseObject({
      volumeMounts: Mounts,
      env: v.array(v.looseObject({ name: v.string(), value: v.optional(v.string()) })),
    }),
  ]),
})
const Workload = v.object({
  metadata: v.object({ name: v.string() }),
  spec: v.object({ template: v.object({ spec: Pod }) }),
})

const namespace = 'system:serviceaccount:activity-log'

/** Who delivers, and for which audience. KafkaSource names the service account of a source after it. */
function deliverersIn(manifests: readonly Manifest[]) {
  const sources = sourcesIn(manifests).map(({ metadata, spec }) => ({
    subject: `${namespace}:${metadata.name}-oidc-sources.knative.dev-kafkasource`,
    audience: spec.sink.audience,
  }))
  const standIns = all(manifests, 'Deployment', Workload).map(({ spec: { template } }) => {
    const { serviceAccountName, volumes, containers } = template.spec
    const file = containers[0].env.find(({ name }) => name === 'DELIVERY_TOKEN_FILE')?.value
    const mount = containers[0].volumeMounts.find(({ mountPath }) => file?.startsWith(`${mountPath}/`))
    const token = volumes.find(({ name }) => name === mount?.name)?.projected?.sources[0].serviceAccountToken
    const isThere = token !== undefined && `${mount?.mountPath}/${token.path}` === file
    return { subject: `${namespace}:${serviceAccountName}`, audience: isThere ? token.audience : undefined }
  })
  return [...sources, ...standIns]
}

/** All dispatchers send tokens for the audience that persist asks for, and it knows all of them; or nobody does. */
export const deliveriesAreVerified: Check = (manifests) => {
  const [persist] = functionsIn(manifests).filter(({ metadata }) => metadata.name === 'persist')
  if (!persist) return ['there is no persist']
  const environment = environmentOf(persist.spec.template.spec.containers[0], manifests)
  const wanted = deliveryTrust(readConfig(Config, environment, deliveryRule))
  const deliverers = deliverersIn(manifests)
  const unknown = deliverers.filter(({ subject }) => wanted && !wanted.trust.subjects.includes(subject))
  return [
    ...deliverers.flatMap(({ subject, audience }) =>
      differs(`the audience of ${subject}`, audience, wanted?.trust.audience),
    ),
    ...unknown.map(({ subject }) => `persist does not know ${subject}`),
    ...(wanted ? keysAreMounted(manifests, wanted.file) : []),
  ]
}

function keysAreMounted(manifests: readonly Manifest[], file: string): string[] {
  const persist = all(manifests, 'Service', v.looseObject({}), 'serving.knative.dev/')
    .map((each) => v.safeParse(Workload, each))
    .find(({ success, output }) => success && output.metadata.name === 'persist')
  if (!persist?.success) return ['persist mounts nothing']
  const { volumes, containers } = persist.output.spec.template.spec
  const mount = containers[0].volumeMounts.find(({ mountPath }) => mountPath === dirname(file))
  const isMounted = volumes.some(({ name, configMap }) => name === mount?.name && configMap?.name === 'delivery-keys')
  return isMounted ? [] : [`persist does not mount ${file}`]
}
