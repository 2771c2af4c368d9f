import { originEntries, readTables } from '@activity-log/local/origin.ts'
import { sessionCookie } from '@activity-log/shared/access/session.ts'
import type { Route } from '@activity-log/shared/http/route.ts'
import type * as v from 'valibot'
import packageJson from '../../package.json' with { type: 'json' }
import { type JsonSchema, namedSchemas, parameterSchema } from './json-schemas.ts'
import { operating } from './operating.ts'
import { type Answer, answerHeaders, type Operation, problem, unavailable, wrongMethod } from './operation.ts'
import { pages } from './pages.ts'
import { posting } from './posting.ts'
import { reading } from './reading.ts'

export const operations: readonly Operation[] = [...posting, ...reading, ...operating, ...pages]

const description = `Activity Log records what users do, and finds it again.

A 202 means that an activity is durable: it will be found exactly once, or be kept as a dead letter with the reason.
Every error is application/problem+json (RFC 9457); if the input is wrong, it lists every mistake with its place.
After a 503, a 504 or a broken connection, send the same request again with the same id: an activity is stored once.
Unknown, repeated and malformed parameters are rejected. Every GET route also answers HEAD.

With keys, every operation takes one: Authorization: Bearer als_…, with the scope that it names. What belongs to
another tenant is not there. A key and a tenant may have limits, which each process counts for itself: every answer
then says in RateLimit what is left (draft-ietf-httpapi-ratelimit-headers-10), and beyond a limit it is a 429.

Any request may be answered with a 403 if a page of another site sent it, with a 421 if its Host is not one that the
log answers for, and with a 400 if its path contains //, \\, or the segments . and .., also percent-encoded.`

const tags = [
  { name: 'Send', description: 'Send activities to the log.' },
  {
    name: 'Look',
    description: 'Lists, single activities, counts, exports and streams. Most of them take the same filters.',
  },
  { name: 'Make sure', description: 'The outcome of one record, and whether every record has one.' },
  {
    name: 'Dead letters',
    description: 'Records that could not be saved, with their reasons and their original bytes.',
  },
  { name: 'For people', description: 'Pages for browsers; they work without scripts.' },
  { name: 'The service', description: 'The health of the service and this contract.' },
]

/** The contract of the HTTP API, as OpenAPI 3.1. */
export function contract() {
  const paths: { [path: string]: { [method: string]: unknown } } = {}
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Activity Log',
      version: packageJson.version,
      description,
      license: { name: packageJson.license, identifier: packageJson.license },
    },
    servers: [{ url: '/' }],
    tags,
    paths,
    components: {
      schemas: namedSchemas(),
      securitySchemes: { key, session },
    },
  }
}

function describe(operation: Operation) {
  const { id, tag, summary, description, inPath = {}, query = {}, headers = {}, takesMetadata, body } = operation
  const route = routeOf(operation)
  const isOfTenant = route !== undefined && route.scope !== 'public' && !route.ofAllTenants
  const parameters = [
    ...parametersIn('path', inPath),
    ...parametersIn('query', query),
    ...(takesMetadata ? [metadata] : []),
    ...parametersIn('header', headers),
    ...(isOfTenant ? [tenant] : []),
  ]
  const isAlwaysThere = operation.path === '/healthz'
  const needsKey = route !== undefined && route.scope !== 'public' && onlyWithKeys
  const hasLimits = needsKey && !isOfPersist(operation) && onlyWithLimits
  const answers = {
    ...needsKey,
    ...hasLimits,
    405: wrongMethod,
    ...(!isAlwaysThere && { 503: unavailable }),
    ...operation.answers,
  }
  const entries = Object.entries(answers).sort(([a], [b]) => Number(a) - Number(b))
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description && { description }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: body }),
    security: securityOf(route),
    responses: Object.fromEntries(entries.map(([status, answer]) => [status, response(answer)])),
  }
}

const routes = originEntries(readTables())

function routeOf({ method, path }: Operation): Route | undefined {
  const named = path.replaceAll(/\{(\w+)\}/g, ':$1')
  return routes.find((entry) => entry.method === method.toUpperCase() && entry.path === named)?.route
}

/** One of these is enough; the empty one is for a log without keys. */
function securityOf(route: Route | undefined): { [scheme: string]: string[] }[] {
  if (!route || route.scope === 'public') return []
  const keys = [route.scope, ...(route.orScope ? [route.orScope] : [])].map((scope) => ({ key: [scope] }))
  return [...keys, ...(route.scope === 'write' ? [] : [{ session: [] }]), {}]
}

const key = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'als_<id>_<secret>_<checksum>',
  description: 'A key of the log, with the scope that the operation names. A log without keys asks for none.',
}

const session = {
  type: 'apiKey',
  in: 'cookie',
  name: sessionCookie,
  description:
    'The session of a person who has signed in with a key at /login. It reads and operates, and never writes.',
}

const onlyWithKeys = {
  401: problem('The key is absent or not valid', 'WWW-Authenticate'),
  403: problem('The key does not allow this, or the tenant is suspended', 'WWW-Authenticate'),
}

const onlyWithLimits = {
  429: problem(
    'More was sent than the limit of the key or of its tenant; violated-policies names it',
    'Retry-After',
    'RateLimit',
    'RateLimit-Policy',
  ),
}

/** persist has no limits. */
const isOfPersist = ({ method, path }: Operation) => method !== 'get' && path.startsWith('/dead-letters/')

const tenant = {
  name: 'tenant',
  in: 'query',
  required: false,
  description: 'The tenant: required with a key for every tenant (*), and rejected with any other',
  schema: { type: 'string', minLength: 1, maxLength: 256 },
}

function parametersIn(place: 'path' | 'query' | 'header', entries: v.ObjectEntries) {
  return Object.entries(entries).map(([name, schema]) => {
    const { description, ...rest } = parameterSchema(schema as v.GenericSchema)
    const required = place === 'path' || schema.type !== 'optional'
    return { name, in: place, required, ...(description !== undefined && { description }), schema: rest }
  })
}

/** metadata.a.b=value: an object whose members are parameters of their own (OpenAPI: form, exploded). */
const metadata: { name: string; in: 'query'; schema: JsonSchema } & { [member: string]: unknown } = {
  name: 'metadata',
  in: 'query',
  required: false,
  style: 'form',
  explode: true,
  description:
    'metadata.a.b=value matches the value at that path; metadata.count=3 matches the number and the text, and ' +
    'metadata.note= an empty text. At most 10 are allowed, and only with userId, an action that is not excluded, or ' +
    'from and to at most 31 days apart. A backslash escapes a dot',
  schema: {
    type: 'object',
    propertyNames: { pattern: '^metadata\\.' },
    additionalProperties: { type: 'string', maxLength: 256 },
    maxProperties: 10,
  },
}

function response({ headers = [], ...answer }: Answer) {
  if (headers.length === 0) return answer
  const described = headers.map((name) => [name, { description: answerHeaders[name], schema: { type: 'string' } }])
  return { ...answer, headers: Object.fromEntries(described) }
}
