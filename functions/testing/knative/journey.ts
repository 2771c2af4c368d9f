import { eventually } from './cluster.ts'
import { type Findings, type Proof, seconds } from './proof.ts'

const activities = { short: 500, full: 5000 }

/** The seed's two calls, thousands of activities, and what the viewer loads. */
export const journey: Proof = {
  title: 'The journey',
  async run({ account, origins: { ingest, query }, isShort, say }): Promise<Findings> {
    const problems: string[] = []
    const id = `first-${Date.now()}`
    const first = {
      id,
      userId: 'user_123',
      action: 'click_button',
      timestamp: '2024-01-15T10:00:00Z',
      metadata: { button: 'buy' },
    }
    account.note(first)
    const posted = await fetch(`${ingest}/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(first),
    })
    if (posted.status !== 202) problems.push(`the first POST: ${posted.status} ${await posted.text()}`)
    const visibleMs = await eventually('the first activity is listed', async () => {
      const page = await fetch(`${query}/logs?page=1&limit=5&userId=user_123`)
      const { data } = (await page.json()) as { data: { id: string; action: string }[] }
      return data.some((row) => row.id === id && row.action === 'click_button')
    })

    const count = isShort ? activities.short : activities.full
    say(`${count} activities`)
    const began = performance.now()
    await account.postMany(count)
    const sentMs = performance.now() - began
    const { found, sent, problems: wrong, settledMs } = await account.audit()

    say('the viewer')
    const loaded = await viewerLoads(query, problems)
    return {
      text: [
        `The first activity was listed ${seconds(visibleMs)} s after its 202.`,
        `${count} activities sent in ${seconds(sentMs)} s, all visible ${seconds(settledMs)} s later: ${found} found of ${sent}, compared byte for byte.`,
        `The viewer's first page loads with ${loaded} files.`,
      ],
      problems: [...problems, ...wrong],
    }
  },
}

/** Loads the page and every file that it names, as a browser would; says how many. */
async function viewerLoads(query: string, problems: string[]): Promise<number> {
  const response = await fetch(query, { headers: { accept: 'text/html' } })
  const page = await response.text()
  if (response.status !== 200 || !page.includes('<html')) problems.push(`GET /: ${response.status}`)
  const names = [...page.matchAll(/<(?:script|link)[^>]*?(?:src|href)="([^"]+)"/g)].map(([, name = '']) => name)
  if (names.length === 0) problems.push('the page names no files')
  for (const name of names) {
    const { status } = await fetch(new URL(name, `${query}/`))
    if (status !== 200) problems.push(`GET ${name}: ${status}`)
  }
  return names.length
}
