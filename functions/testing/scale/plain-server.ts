import { createServer } from 'node:http'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'

/** Lists and counts over the plain table, the way a tutorial writes it: node:http and node:sqlite. */
const db = new DatabaseSync(process.argv[2] as string, { readOnly: true })

const server = createServer((request, response) => {
  const url = new URL(request.url as string, 'http://localhost')
  const answer = url.pathname === '/stats' ? stats(url.searchParams) : list(url.searchParams)
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(answer))
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(`http://127.0.0.1:${typeof address === 'object' && address?.port}/logs`)
})

function where(parameters: URLSearchParams): { text: string; values: SQLInputValue[] } {
  const conditions: string[] = []
  const values: SQLInputValue[] = []
  const add = (condition: string, ...added: SQLInputValue[]) => {
    conditions.push(condition)
    values.push(...added)
  }
  const [user, action] = [parameters.get('userId'), parameters.get('action')]
  const [from, to] = [parameters.get('from'), parameters.get('to')]
  if (user) add('user = ?', user)
  if (action?.endsWith('*')) add('action >= ? AND action < ?', action.slice(0, -1), `${action.slice(0, -1)}\u{10ffff}`)
  else if (action) add('action = ?', action)
  if (from) add('time >= ?', Date.parse(from))
  if (to) add('time < ?', Date.parse(to))
  return { text: conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '', values }
}

function list(parameters: URLSearchParams) {
  const { text, values } = where(parameters)
  const [page, limit] = [Number(parameters.get('page') ?? 1), Number(parameters.get('limit') ?? 10)]
  const rows = db.prepare(`SELECT * FROM activities ${text} ORDER BY time DESC LIMIT ? OFFSET ?`)
  const data = rows.all(...values, limit, (page - 1) * limit).map((row) => ({
    ...row,
    metadata: JSON.parse(row['metadata'] as string),
  }))
  if (parameters.get('count') === 'none') return { data }
  return { data, total: db.prepare(`SELECT count(*) AS n FROM activities ${text}`).get(...values)?.['n'] }
}

const keys = {
  action: 'action',
  userId: 'user',
  hour: 'time / 3600000',
  day: 'time / 86400000',
  month: "strftime('%Y-%m', time / 1000, 'unixepoch')",
} as const

function stats(parameters: URLSearchParams) {
  const { text, values } = where(parameters)
  const by = parameters.get('by') as keyof typeof keys
  const order = by === 'action' || by === 'userId' ? 'count DESC' : 'key DESC'
  const limit = Number(parameters.get('limit') ?? 1000)
  const rows = db.prepare(
    `SELECT ${keys[by]} AS key, count(*) AS count FROM activities ${text} GROUP BY 1 ORDER BY ${order} LIMIT ?`,
  )
  return { data: rows.all(...values, limit) }
}
