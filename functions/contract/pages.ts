import * as v from 'valibot'
import { badRequest, EntityTags, json, notFound, type Operation, problem, textual, unavailable } from './operation.ts'

const tag = 'The service'
export const forPeople = 'For people'

const webPage = textual('text/html', 'A page that explains the error')

const takesFilters = ['/', '/viewer/users', '/viewer/actions']

const session =
  'A session reads and operates, as its key may, and never writes. It ends after 8 hours, and when its key expires or ' +
  'is revoked. Requests that change something have to come from a page of the log (Sec-Fetch-Site, Origin).'

const refused = problem('Another page sent the form')

const form = (members: { [name: string]: string }, required: readonly string[]) => ({
  'application/x-www-form-urlencoded': {
    schema: {
      type: 'object',
      required,
      properties: Object.fromEntries(
        Object.entries(members).map(([name, description]) => [name, { type: 'string', description }]),
      ),
    },
  },
})

/** Pages answer errors as HTML. */
function page(path: string, id: string, summary: string): Operation {
  const inPath = path.includes('{id}') && { inPath: { id: v.pipe(v.string(), v.examples(['order-981-paid'])) } }
  return {
    id,
    method: 'get',
    path,
    tag: forPeople,
    summary,
    ...inPath,
    answers: {
      200: { description: 'The page', content: textual('text/html', 'A page') },
      ...(takesFilters.includes(path) && { 400: { description: 'The parameters are not valid', content: webPage } }),
      ...(inPath && { 404: { description: 'Nothing exists under this name', content: webPage } }),
      503: {
        description: unavailable.description,
        content: { ...webPage, ...unavailable.content },
      },
    },
  }
}

export const pages: readonly Operation[] = [
  {
    id: 'getHealth',
    method: 'get',
    path: '/healthz',
    tag,
    summary: 'Check whether the process is serving',
    answers: {
      200: {
        description: 'The process is serving; the queue and the store are not checked',
        content: json({ type: 'object', required: ['status'], properties: { status: { const: 'ok' } } }),
      },
    },
  },
  {
    id: 'getContract',
    method: 'get',
    path: '/openapi.json',
    tag,
    summary: 'Get this contract',
    headers: { 'If-None-Match': v.optional(EntityTags) },
    answers: {
      200: { description: 'OpenAPI 3.1', headers: ['ETag'], content: json({ type: 'object' }) },
      304: { description: 'The client already has this version', headers: ['ETag'] },
      400: badRequest,
    },
  },
  {
    id: 'getReference',
    method: 'get',
    path: '/docs',
    tag: forPeople,
    summary: 'Read this contract',
    answers: { 200: { description: 'A page for people', content: textual('text/html', 'HTML') }, 400: badRequest },
  },
  ...[
    page('/', 'showActivities', 'Show the log; this takes the parameters of GET /logs, as HTML forms send them'),
    page('/viewer/users', 'showUsers', 'Show all users with their counts; this takes the filters of the log'),
    page('/viewer/actions', 'showActions', 'Show all actions with their counts; this takes the filters of the log'),
    page('/viewer/logs/{id}', 'showActivity', 'Show one activity, and what its user did just before and after'),
    page('/viewer/dead-letters', 'showDeadLetters', 'Show the dead letters'),
    page('/viewer/dead-letters/{id}', 'showDeadLetter', 'Show one dead letter'),
    page('/viewer/ledger', 'showLedger', 'Show the ledger'),
    page('/viewer/tenants', 'showTenants', 'Choose a tenant; for operators'),
  ],
  {
    id: 'showSignIn',
    method: 'get',
    path: '/login',
    tag: forPeople,
    summary: 'Show the form to sign in with a key',
    answers: {
      200: { description: 'The form', content: textual('text/html', 'A page') },
      303: { description: 'The log asks for no keys; Location is the page to show' },
      503: { description: unavailable.description, content: { ...webPage, ...unavailable.content } },
    },
  },
  {
    id: 'signIn',
    method: 'post',
    path: '/login',
    tag: forPeople,
    summary: 'Sign in with a key; the session of 8 hours is a cookie',
    description: `Only the sign-in page itself may send this. ${session}`,
    body: { required: true, content: form({ key: 'The key', to: 'The path to go to then' }, ['key']) },
    answers: {
      303: { description: 'Signed in; Location is the page to show', headers: ['Set-Cookie'] },
      400: { description: 'The browser would not keep the session', content: webPage },
      401: { description: 'The key is not valid', headers: ['WWW-Authenticate'], content: webPage },
      403: {
        description: 'The key cannot read the log, or another page sent the form',
        content: { ...webPage, ...refused.content },
      },
      413: problem('The form is larger than 16 KiB'),
      415: problem('The body is not a form', 'Accept'),
    },
  },
  {
    id: 'signOut',
    method: 'post',
    path: '/logout',
    tag: forPeople,
    summary: 'Sign out: the browser forgets the session',
    answers: {
      303: { description: 'Signed out; Location is the sign-in', headers: ['Set-Cookie'] },
      403: { ...refused, content: { ...webPage, ...refused.content } },
    },
  },
  {
    id: 'actOnDeadLetter',
    method: 'post',
    path: '/viewer/dead-letters/{id}',
    tag: forPeople,
    summary: 'Replay or discard a dead letter; then show it',
    description: `Only the page of the dead letter itself may send this. ${session}`,
    inPath: { id: v.pipe(v.string(), v.examples(['387d064f5d06b72b39362285046a75ba'])) },
    body: { required: true, content: form({ do: 'replay or discard', note: 'Why it is discarded' }, ['do']) },
    answers: {
      303: { description: 'It is done; Location is the page, which shows the outcome' },
      400: { ...badRequest, content: { ...webPage, ...badRequest.content } },
      403: { ...refused, content: { ...webPage, ...refused.content } },
      404: { ...notFound, content: { ...webPage, ...notFound.content } },
      409: problem('The dead letter was already replayed or discarded'),
      413: problem('The form is larger than 16 KiB'),
      415: problem('The body is not a form', 'Accept'),
    },
  },
  {
    id: 'getAsset',
    method: 'get',
    path: '/assets/{file}',
    tag: forPeople,
    summary: 'Get a file that pages use',
    inPath: { file: v.pipe(v.string(), v.description('The name of the file, which pages link to')) },
    answers: {
      200: {
        description: 'The file, which never changes; a new version gets a new name',
        content: {
          ...textual('text/css', 'A style sheet'),
          ...textual('text/javascript', 'A script'),
          ...textual('image/svg+xml', 'An image'),
        },
      },
      404: notFound,
    },
  },
]
