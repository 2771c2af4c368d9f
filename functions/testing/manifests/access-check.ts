import * as v from 'valibot'
import { all, type Check, environmentOf, functionsIn } from './checks.ts'

const Pod = v.object({
  volumes: v.array(v.looseObject({ name: v.string(), secret: v.optional(v.object({ secretName: v.string() })) })),
  containers: v.tuple([
    v.looseObject({
      volumeMounts: v.array(
        v.object({
          name: v.string(),
          mountPath: v.string(),
          readOnly: v.optional(v.boolean()),
          subPath: v.optional(v.string()),
        }),
      ),
    }),
  ]),
})
const Service = v.object({
  metadata: v.object({ name: v.string() }),
  spec: v.object({ template: v.object({ spec: Pod }) }),
})

/** Every function asks for keys, from a Secret that reaches running pods when it changes. */
export const keysAreAskedFor: Check = (manifests) =>
  functionsIn(manifests).flatMap(({ metadata, spec }) => {
    const { ACCESS, ACCESS_FILE } = environmentOf(spec.template.spec.containers[0], manifests)
    const service = all(manifests, 'Service', Service, 'serving.knative.dev/').find(
      (each) => each.metadata.name === metadata.name,
    )
    const { volumes = [], containers } = service?.spec.template.spec ?? {}
    const mount = containers?.[0].volumeMounts.find(({ mountPath }) => mountPath === ACCESS_FILE)
    const isSecret = volumes.some(({ name, secret }) => name === mount?.name && secret?.secretName === 'access')
    return [
      ...(ACCESS === 'keys' ? [] : [`${metadata.name} does not ask for keys`]),
      ...(isSecret ? [] : [`${metadata.name} does not mount the Secret access at ${ACCESS_FILE}`]),
      ...(mount && mount.subPath === undefined ? [] : [`${metadata.name}: a subPath never changes`]),
    ]
  })
