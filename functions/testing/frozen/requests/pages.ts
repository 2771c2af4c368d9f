import type { FrozenRequest } from '../frozen-request.ts'
import { ask } from './build.ts'

const page = (name: string, path: string, headers = {}) => ask('query', `page: ${name}`, path, { headers })
/** Repeats the request until the page contains the counts beside the list. */
const list = (name: string, path: string, headers = {}): FrozenRequest => ({
  ...page(name, path, headers),
  whole: '/viewer/dead-letters"[^]*data-counts="here"',
})
const refused = (name: string, path: string): FrozenRequest => ({ ...page(name, path), whole: '/viewer/dead-letters"' })

/** The pages of the viewer. */
export const pages: readonly FrozenRequest[] = [
  list('the list', '/'),
  list('the list of a user', '/?userId=user_3'),
  list('the list of actions', '/?action=cart.*&order=asc&limit=10'),
  list('the list with metadata', '/?action=cart.*&metadata=shop.name%3Dshop+3'),
  list('the list with columns', '/?columns=time,user,metadata.n&limit=5'),
  list('the list of a time', '/?from=2024-07-10T02:00&to=2024-07-12&zone=Europe/Berlin'),
  list('the second page', '/?page=2&limit=20'),
  list('a page beyond the end', '/?page=1000'),
  list('nothing that matches', '/?userId=nobody'),
  list('live', '/?live=1&limit=5'),
  list('names of every script', '/?from=2024-05-01T00:00:00Z&to=2024-05-02T00:00:00Z&limit=200'),
  list('in a dark theme', '/?limit=2', { cookie: 'theme=dark; zone=America/New_York' }),
  refused('a parameter that is none', '/?x=1'),
  refused('a zone that is none', '/?zone=Mars'),
  refused('a time that is none', '/?from=yesterday'),
  refused('an address that is none', '/?userId=%ff'),
  refused('metadata that are none', '/?metadata=x'),
  page('an activity', '/viewer/logs/hundred-50'),
  page('an activity with an id for the path', `/viewer/logs/${encodeURIComponent('a/b?c=d#e%20')}`),
  page('an activity with metadata', '/viewer/logs/metadata-5'),
  page('an activity that is not there', '/viewer/logs/nothing'),
  page('dead letters', '/viewer/dead-letters'),
  page('dead letters, all', '/viewer/dead-letters?state=all'),
  page('dead letters of no state', '/viewer/dead-letters?state=x'),
  page('a dead letter', '/viewer/dead-letters/{{query: dead letters, all#/data/3/id}}'),
  page('a dead letter that was replayed', '/viewer/dead-letters/{{query: dead letters, all#/data/6/id}}'),
  page('a dead letter that is not there', '/viewer/dead-letters/0123'),
  page('books', '/viewer/books'),
  page('docs', '/docs'),
  ask('query', 'page: HEAD of the list', '/', { method: 'HEAD' }),
  ask('query', 'page: POST on books', '/viewer/books', { method: 'POST' }),
  page('a script', '{{query: page: the list~/assets/viewer-[^"]+\\.js}}'),
  page('a style', '{{query: page: the list~/assets/[\\w-]+\\.css}}'),
  page('an asset that is not there', '/assets/viewer-0000.js'),
  page('an asset by the name of a member', '/assets/__proto__'),
  page('an asset elsewhere', '/assets/..%2f..%2fpackage.json'),
]
