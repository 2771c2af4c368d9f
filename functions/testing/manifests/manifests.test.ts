import { createApp as createIngest } from '@activity-log/ingest/app.ts'
import { createTargetFinder, readTables } from '@activity-log/local/origin.ts'
import { createApp as createPersist } from '@activity-log/persist/app.ts'
import { createApp as createQuery } from '@activity-log/query/app.ts'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { keysAreAskedFor } from './access-check.ts'
import { change, type Operation } from './change.ts'
import {
  areClusterLocal,
  type Check,
  deadLettersDoNotGoRound,
  deliveryIsThatOfTheCode,
  environmentIsWhatTheFunctionsRead,
  environmentOf,
  functionsIn,
  healthPath,
  namesAreThoseOfTheCode,
  persistIsRoutedForOperations,
  probesAreQuick,
  secretsHoldNoCredentials,
  stopsInTime,
  timeoutIsThatOfTheSink,
} from './checks.ts'
import { type Manifest, render, whyNoKustomize } from './kustomize.ts'
import { standInsReplaceTheSources } from './stand-in-check.ts'

const overlays = ['dev', 'production', 'serving-only'] as const
type Overlay = (typeof overlays)[number]
const rendered = new Map(overlays.map((overlay) => [overlay, whyNoKustomize ? [] : render(overlay)] as const))
/** A copy, because tests change it. */
const manifestsOf = (overlay: Overlay): Manifest[] => structuredClone(rendered.get(overlay) ?? [])
const about = (title: string) => (whyNoKustomize ? `${title} (skipped: ${whyNoKustomize})` : title)
if (whyNoKustomize) console.warn(`The manifests are not checked: ${whyNoKustomize}`)
const all: readonly Check[] = [
  deliveryIsThatOfTheCode,
  timeoutIsThatOfTheSink,
  stopsInTime,
  areClusterLocal('persist'),
  persistIsRoutedForOperations,
  namesAreThoseOfTheCode,
  deadLettersDoNotGoRound,
  environmentIsWhatTheFunctionsRead,
  probesAreQuick,
  secretsHoldNoCredentials,
]

const withoutSources = [
  timeoutIsThatOfTheSink,
  stopsInTime,
  areClusterLocal('persist'),
  environmentIsWhatTheFunctionsRead,
  probesAreQuick,
  secretsHoldNoCredentials,
  standInsReplaceTheSources,
]

describe.skipIf(whyNoKustomize).each(overlays)(about('overlay %s'), (overlay) => {
  test('agrees with the code', () => {
    const manifests = manifestsOf(overlay)
    expect(manifests.length).toBeGreaterThan(20)
    const checks = overlay === 'serving-only' ? withoutSources : all
    expect(checks.flatMap((check) => check(manifests))).toEqual([])
  })
})

test.skipIf(whyNoKustomize)(
  about('finds a stand-in that delivers another topic, or is not asked for its health'),
  () => {
    const changed = (path: string, value: unknown) => {
      const manifests = manifestsOf('serving-only')
      const hit = manifests.filter(
        ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'dead-letter-source',
      )
      expect(hit).toHaveLength(1)
      for (const manifest of hit) change(manifest, [{ op: 'replace', path, value }])
      return standInsReplaceTheSources(manifests)
    }
    const container = '/spec/template/spec/containers/0'
    expect(changed(`${container}/env/1/value`, 'activities')).toEqual([
      expect.stringContaining('dead-letter-source is'),
    ])
    expect(changed(`${container}/livenessProbe`, {})).toEqual([expect.stringContaining('"isAsked":false')])
    expect(standInsReplaceTheSources(manifestsOf('dev'))).toContain('KafkaSource activities is there, too')
  },
)

test.skipIf(whyNoKustomize)(
  about('in production every function asks for keys; elsewhere the overlay says ACCESS=open'),
  () => {
    expect(keysAreAskedFor(manifestsOf('production'))).toEqual([])
    expect(keysAreAskedFor(manifestsOf('dev'))).toContain('ingest does not ask for keys')
    for (const overlay of overlays) {
      const environments = functionsIn(manifestsOf(overlay)).map(({ spec }) =>
        environmentOf(spec.template.spec.containers[0], manifestsOf(overlay)),
      )
      const expected = overlay === 'production' ? 'keys' : 'open'
      expect([overlay, ...environments.map(({ ACCESS }) => ACCESS)]).toEqual([overlay, expected, expected, expected])
    }
  },
)

test.skipIf(whyNoKustomize)(about('in production every function is cluster-local'), () => {
  expect(areClusterLocal('ingest', 'persist', 'query')(manifestsOf('production'))).toEqual([])
})

describe.skipIf(whyNoKustomize)(about('finds'), () => {
  const broken = (overlay: Overlay, kind: string, name: string, operations: readonly Operation[]) => {
    const manifests = manifestsOf(overlay)
    const hit = manifests.filter((manifest) => manifest.kind === kind && manifest.metadata.name === name)
    const own = kind === 'Service' ? hit.filter(({ apiVersion }) => apiVersion.startsWith('serving.knative.dev/')) : hit
    expect(own).toHaveLength(1)
    for (const manifest of own) change(manifest, operations)
    return manifests
  }
  const container = '/spec/template/spec/containers/0'
  const delivery = '/spec/delivery'
  const label = '/metadata/labels/networking.knative.dev~1visibility'
  const policy = `{"retry":415,"backoffPolicy":"linear","backoffDelayMs":1000,"timeoutMs":60000}`
  const replace = (path: string, value: unknown): Operation[] => [{ op: 'replace', path, value }]

  test.each<[string, Check, Overlay, string, string, Operation[], string[]]>([
    [
      'fewer retries',
      deliveryIsThatOfTheCode,
      'dev',
      'KafkaSource',
      'activities',
      replace(`${delivery}/retry`, 10),
      [
        `activities: delivery is ${policy.replace('415', '10')} and should be ${policy}`,
        'activities: gives up after 0.0 h',
      ],
    ],
    [
      'another policy',
      deliveryIsThatOfTheCode,
      'dev',
      'KafkaSource',
      'activities-dead-letter',
      [...replace(`${delivery}/backoffPolicy`, 'exponential'), ...replace(`${delivery}/retry`, 16)],
      [
        `activities-dead-letter: delivery is ${policy.replace('linear', 'exponential').replace('415', '16')} and should be ${policy}`,
        'activities-dead-letter: gives up after 36.4 h',
      ],
    ],
    [
      'another delay',
      deliveryIsThatOfTheCode,
      'dev',
      'KafkaSource',
      'activities',
      replace(`${delivery}/backoffDelay`, 'PT0.5S'),
      [
        `activities: delivery is ${policy.replace('1000', '500')} and should be ${policy}`,
        'activities: gives up after 12.0 h',
      ],
    ],
    [
      "a timeout that differs from the sink's",
      timeoutIsThatOfTheSink,
      'dev',
      'KafkaSource',
      'activities',
      replace(`${delivery}/timeout`, 'PT30S'),
      ['activities: timeout is 30 and should be 60'],
    ],
    [
      'a sink that is slower than the timeout',
      timeoutIsThatOfTheSink,
      'dev',
      'Service',
      'persist',
      replace('/spec/template/spec/timeoutSeconds', 120),
      ['activities: timeout is 60 and should be 120', 'activities-dead-letter: timeout is 60 and should be 120'],
    ],
    [
      'a grace period that is shorter than the drain',
      stopsInTime,
      'production',
      'Service',
      'ingest',
      replace('/spec/template/spec/timeoutSeconds', 30),
      ['ingest: timeoutSeconds is below 60'],
    ],
    [
      'a public persist',
      areClusterLocal('persist'),
      'dev',
      'Service',
      'persist',
      [{ op: 'remove', path: label }],
      ['persist is public'],
    ],
    [
      'a public query in production',
      areClusterLocal('ingest', 'persist', 'query'),
      'production',
      'Service',
      'query',
      [{ op: 'remove', path: label }],
      ['query is public'],
    ],
    [
      'a route to persist',
      persistIsRoutedForOperations,
      'production',
      'HTTPRoute',
      'activity-log',
      replace('/spec/rules/2/filters/0/urlRewrite/hostname', 'persist.activity-log.svc.cluster.local'),
      ['HTTPRoute activity-log leads to persist'],
    ],
    [
      'a route to the deliveries of dead letters',
      persistIsRoutedForOperations,
      'production',
      'HTTPRoute',
      'activity-log',
      replace('/spec/rules/1/matches/0/path', { type: 'PathPrefix', value: '/dead-letters' }),
      ['HTTPRoute activity-log leads to persist'],
    ],
    [
      'another topic',
      namesAreThoseOfTheCode,
      'production',
      'KafkaSource',
      'activities',
      replace('/spec/topics', ['activity']),
      ['the topic of source activities is ["activity"] and should be ["activities"]'],
    ],
    [
      'another topic to publish to',
      namesAreThoseOfTheCode,
      'production',
      'ConfigMap',
      'kafka',
      replace('/data/KAFKA_TOPIC', 'logs'),
      ['KAFKA_TOPIC is "logs" and should be "activities"'],
    ],
    [
      'another group',
      namesAreThoseOfTheCode,
      'dev',
      'KafkaSource',
      'activities-dead-letter',
      replace('/spec/consumerGroup', 'persist'),
      ['the group of source activities-dead-letter is "persist" and should be "persist-dead-letters"'],
    ],
    [
      'dead letters delivered as activities',
      namesAreThoseOfTheCode,
      'dev',
      'KafkaSource',
      'activities-dead-letter',
      [{ op: 'remove', path: '/spec/sink/uri' }],
      ['the path of dead letters is "/" and should be "/undelivered"'],
    ],
    [
      'a topic that is never created',
      namesAreThoseOfTheCode,
      'dev',
      'KafkaSink',
      'activities-undelivered',
      replace('/spec/topic', 'lost'),
      [
        'topics made is ["activities","activities-dead-letter","activities-undelivered"] and should be ["activities","activities-dead-letter","lost"]',
      ],
    ],
    [
      'other brokers',
      namesAreThoseOfTheCode,
      'production',
      'KafkaSink',
      'activities-dead-letter',
      replace('/spec/bootstrapServers', ['kafka-1.example.com:9093']),
      [
        'activities-dead-letter: brokers is "kafka-1.example.com:9093" and should be "kafka-1.example.com:9093,kafka-2.example.com:9093,kafka-3.example.com:9093"',
      ],
    ],
    [
      'dead letters that return to their own topic',
      deadLettersDoNotGoRound,
      'dev',
      'KafkaSource',
      'activities-dead-letter',
      replace(`${delivery}/deadLetterSink/ref/name`, 'activities-dead-letter'),
      ['activities: its dead letters go round', 'activities-dead-letter: its dead letters go round'],
    ],
    [
      'dead letters that return by a detour',
      deadLettersDoNotGoRound,
      'dev',
      'KafkaSink',
      'activities-undelivered',
      replace('/spec/topic', 'activities'),
      ['activities: its dead letters go round', 'activities-dead-letter: its dead letters go round'],
    ],
    [
      'dead letters that need another service',
      deadLettersDoNotGoRound,
      'dev',
      'KafkaSource',
      'activities',
      replace(`${delivery}/deadLetterSink/ref`, { apiVersion: 'v1', kind: 'Service', name: 'query' }),
      ['activities: its dead letters do not go to a KafkaSink'],
    ],
    [
      'a variable that no function reads',
      environmentIsWhatTheFunctionsRead,
      'dev',
      'Service',
      'query',
      replace(`${container}/env/0/name`, 'MONGO_URI'),
      ['query does not read MONGO_URI', 'Invalid configuration:  MONGODB_URI is required'],
    ],
    [
      'the variables of another function',
      environmentIsWhatTheFunctionsRead,
      'dev',
      'Service',
      'query',
      replace(`${container}/envFrom/0/configMapRef/name`, 'kafka'),
      ['query does not read KAFKA_BROKERS', 'query does not read KAFKA_TOPIC'],
    ],
    [
      'a port, which Knative sets',
      environmentIsWhatTheFunctionsRead,
      'dev',
      'Service',
      'persist',
      [{ op: 'add', path: `${container}/env/-`, value: { name: 'PORT', value: '8080' } }],
      ['persist does not read PORT'],
    ],
    [
      'a value that the function rejects',
      environmentIsWhatTheFunctionsRead,
      'production',
      'ConfigMap',
      'kafka',
      replace('/data/KAFKA_BROKERS', 'kafka-1.example.com'),
      ['Invalid configuration:  KAFKA_BROKERS must be a comma-separated list of host:port'],
    ],
    [
      'credentials without a mechanism',
      environmentIsWhatTheFunctionsRead,
      'production',
      'Service',
      'ingest',
      [{ op: 'remove', path: `${container}/env/2` }],
      ['Invalid configuration:  KAFKA_SASL_MECHANISM is required with KAFKA_USERNAME and KAFKA_PASSWORD'],
    ],
    [
      'a slow probe',
      probesAreQuick,
      'dev',
      'Service',
      'persist',
      [{ op: 'add', path: `${container}/readinessProbe/periodSeconds`, value: 1 }],
      [
        'persist: readinessProbe is {"httpGet":{"path":"/healthz"},"periodSeconds":1} and should be {"httpGet":{"path":"/healthz"}}',
      ],
    ],
    [
      'a probe that asks the database',
      probesAreQuick,
      'dev',
      'Service',
      'query',
      replace(`${container}/readinessProbe/httpGet/path`, '/logs?limit=1'),
      ['query: readinessProbe is {"httpGet":{"path":"/logs?limit=1"}} and should be {"httpGet":{"path":"/healthz"}}'],
    ],
    [
      'a password in the repository',
      secretsHoldNoCredentials,
      'dev',
      'Secret',
      'mongodb',
      replace('/data/query-uri', Buffer.from('mongodb://query:secret@mongodb:27017/').toString('base64')),
      ['Secret mongodb: query-uri is not an address without credentials'],
    ],
  ])('%s', (_what, check, overlay, kind, name, operations, lines) => {
    expect(check(broken(overlay, kind, name, operations))).toEqual(lines)
  })
})

test.each([
  ['ingest', createIngest],
  ['persist', createPersist],
  ['query', createQuery],
])('%s answers its probe without Kafka and MongoDB', async (_name, createApp) => {
  const ask = () => {
    throw new Error('a probe asks nobody')
  }
  const unusable = new Proxy(
    {},
    { get: (_target, name) => (['stopping', 'basePath', 'authenticate'].includes(String(name)) ? undefined : ask) },
  ) as never
  expect((await createApp(unusable).request(healthPath)).status).toBe(200)
})

describe.skipIf(whyNoKustomize)(about('the one host'), () => {
  const Rule = v.object({
    matches: v.array(
      v.object({ path: v.object({ type: v.string(), value: v.string() }), method: v.optional(v.string()) }),
    ),
    filters: v.tuple([v.object({ urlRewrite: v.object({ hostname: v.string() }) })]),
  })
  const Route = v.object({ spec: v.object({ rules: v.array(Rule) }) })

  /**
   * Matches as the Gateway API does: an exact path goes before a prefix, a longer one before a shorter one, and a rule
   * with a method before one without. Gateways put a pattern before a prefix.
   */
  function functionFor(method: string, path: string): string | undefined {
    const route = manifestsOf('production').find(({ kind }) => kind === 'HTTPRoute')
    const matches = v
      .parse(Route, route)
      .spec.rules.flatMap(({ matches, filters: [filter] }) =>
        matches.map((match) => ({ ...match, target: filter.urlRewrite.hostname.split('.')[0] })),
      )
    const hits = matches.filter(({ path: { type, value }, method: only = method }) => {
      if (only !== method) return false
      if (type === 'RegularExpression') return new RegExp(`^(?:${value})$`).test(path)
      return path === value || (type === 'PathPrefix' && (value === '/' || path.startsWith(`${value}/`)))
    })
    const rank = ({ path: { type, value }, method: only }: (typeof hits)[number]) =>
      (type === 'PathPrefix' ? 0 : 1e6) + 10 * value.length + (only ? 1 : 0)
    return hits.toSorted((a, b) => rank(b) - rank(a))[0]?.target
  }

  const targetOf = createTargetFinder(readTables())

  test.each([
    ['POST', '/logs'],
    ['GET', '/logs'],
    ['GET', '/logs/a-1'],
    ['GET', '/'],
    ['GET', '/healthz'],
    ['GET', '/stats'],
    ['POST', '/logs/'],
    ['POST', '/dead-letters'],
    ['GET', '/dead-letters'],
    ['GET', '/dead-letters/1f'],
    ['DELETE', `/dead-letters/${'1f'.repeat(16)}`],
    ['POST', `/dead-letters/${'1f'.repeat(16)}/replay`],
    ['POST', `/viewer/dead-letters/${'1f'.repeat(16)}`],
    ['GET', `/viewer/dead-letters/${'1f'.repeat(16)}`],
    ['POST', '/'],
    ['POST', '/undelivered'],
  ])('routes %s %s to the function that serves it in npm start', (method, path) => {
    expect(functionFor(method, path)).toBe(targetOf(method, path))
  })

  test.each([
    '/',
    '/undelivered',
    '/dead-letters',
    '/dead-letters/',
    '/dead-letters/..',
    '/dead-letters/../undelivered',
    '/dead-letters/%2e%2e/',
    '//',
    '/dead-letters//undelivered',
    '/dead-letters/\\..',
    `/dead-letters/${'1f'.repeat(16)}/..`,
    `/dead-letters/${'1f'.repeat(16)}/../../`,
    `/x/dead-letters/${'1f'.repeat(16)}/replay`,
  ])('routes no POST of %s to persist', (path) => {
    expect(functionFor('POST', path)).not.toBe('persist')
    expect(functionFor('DELETE', path)).not.toBe('persist')
  })
})
