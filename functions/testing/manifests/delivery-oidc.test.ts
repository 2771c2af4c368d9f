import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { change, type Operation } from './change.ts'
import { environmentIsWhatTheFunctionsRead } from './checks.ts'
import { deliveriesAreVerified } from './delivery-check.ts'
import { type Manifest, render, renderFolder, whyNoKustomize } from './kustomize.ts'

const about = (title: string) => (whyNoKustomize ? `${title} (skipped: ${whyNoKustomize})` : title)
const overlays = ['dev', 'serving-only'] as const
const folder = (overlay: string) => join(import.meta.dirname, 'delivery-oidc', overlay)
const rendered = new Map(overlays.map((overlay) => [overlay, whyNoKustomize ? [] : renderFolder(folder(overlay))]))

describe.skipIf(whyNoKustomize).each(overlays)(about('tokens for deliveries in the overlay %s'), (overlay) => {
  test('are sent and asked for as the code expects', () => {
    const manifests = rendered.get(overlay) ?? []
    expect(manifests.length).toBeGreaterThan(20)
    expect([...deliveriesAreVerified(manifests), ...environmentIsWhatTheFunctionsRead(manifests)]).toEqual([])
  })

  test('are neither sent nor asked for without the component', () => {
    const manifests = render(overlay)
    expect(deliveriesAreVerified(manifests)).toEqual([])
    expect(JSON.stringify(manifests)).not.toMatch(/audience|DELIVERY_/)
  })
})

describe.skipIf(whyNoKustomize)(about('finds'), () => {
  const broken = (overlay: (typeof overlays)[number], kind: string, name: string, operations: readonly Operation[]) => {
    const manifests: Manifest[] = structuredClone(rendered.get(overlay) ?? [])
    const hit = manifests.filter(
      (each) => each.kind === kind && each.metadata.name === name && each.apiVersion !== 'v1',
    )
    expect(hit).toHaveLength(1)
    for (const manifest of hit) change(manifest, operations)
    return deliveriesAreVerified(manifests)
  }
  const pod = '/spec/template/spec'
  const container = `${pod}/containers/0`
  const standIn = 'system:serviceaccount:activity-log:kafka-source'
  const source = 'system:serviceaccount:activity-log:activities-oidc-sources.knative.dev-kafkasource'

  test.each<[string, (typeof overlays)[number], string, string, Operation[], string[]]>([
    [
      'a source with another audience',
      'dev',
      'KafkaSource',
      'activities',
      [{ op: 'replace', path: '/spec/sink/audience', value: 'another' }],
      [`the audience of ${source} is "another" and should be "persist.activity-log"`],
    ],
    [
      'a source with another name',
      'dev',
      'KafkaSource',
      'activities',
      [{ op: 'replace', path: '/metadata/name', value: 'records' }],
      [`persist does not know ${source.replace(':activities-', ':records-')}`],
    ],
    [
      'a stand-in with a token for somebody else',
      'serving-only',
      'Deployment',
      'kafka-source',
      [
        {
          op: 'replace',
          path: `${pod}/volumes/0/projected/sources/0/serviceAccountToken/audience`,
          value: 'https://kubernetes',
        },
      ],
      [`the audience of ${standIn} is "https://kubernetes" and should be "persist.activity-log"`],
    ],
    [
      'a token in another file',
      'serving-only',
      'Deployment',
      'dead-letter-source',
      [{ op: 'replace', path: `${pod}/volumes/0/projected/sources/0/serviceAccountToken/path`, value: 'jwt' }],
      [`the audience of ${standIn} is undefined and should be "persist.activity-log"`],
    ],
    [
      'another folder for the keys',
      'dev',
      'Service',
      'persist',
      [{ op: 'replace', path: `${container}/volumeMounts/0/mountPath`, value: '/etc/keys' }],
      ['persist does not mount /etc/activity-log/delivery/jwks.json'],
    ],
  ])('%s', (_what, overlay, kind, name, operations, lines) => {
    expect(broken(overlay, kind, name, operations)).toEqual(lines)
  })
})
