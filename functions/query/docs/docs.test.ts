import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createService } from '@activity-log/shared/http/service.ts'
import { readMapping } from '@activity-log/shared/mapping.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'
import { openTestStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'
import { createApp } from '../app.ts'
import { accessSteps } from './access-steps.ts'
import type { Contract } from './contract.ts'
import { docsRoutes } from './docs.ts'
import document from './openapi.json' with { type: 'json' }
import { recipes } from './recipes.ts'
import { referencePage } from './reference-page.ts'

function query() {
  const app = createApp({ store: openTestStore(), log: silent, now: () => new Date() })
  return async (path: string, init?: RequestInit) => app.request(path, init)
}

test('serves the contract, and answers 304 to a client that already has it', async () => {
  const get = query()
  const response = await get('/openapi.json')
  expect(await response.json()).toEqual(document)
  const headers = { 'if-none-match': response.headers.get('etag') ?? '' }
  expect((await get('/openapi.json', { headers })).status).toBe(304)
})

test('the reference is drawn once, however many ask for it', async () => {
  let drawn = 0
  const routes = docsRoutes((...given) => {
    drawn++
    return referencePage(...given)
  })
  const service = createService({ log: silent, routes })
  const pages = await Promise.all([1, 2, 3].map(async () => (await service.request('/docs')).text()))
  pages.push(await (await service.request('/docs')).text())
  expect([drawn, new Set(pages).size]).toEqual([1, 1])
})

test('the reference has an anchor for every operation and schema, and every link has a target', async () => {
  const page = await (await query()('/docs')).text()
  const places = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
  const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
  expect(links.filter((id) => !places.has(id))).toEqual([])
  const operations = Object.values(document.paths).flatMap((item) =>
    Object.values(item).map(({ operationId }: { operationId: string }) => operationId),
  )
  const schemas = Object.keys(document.components.schemas).map((name) => `schema-${name}`)
  expect([...operations, ...schemas].filter((id) => !places.has(id))).toEqual([])
})

test('the reference shows how other programs send, as the README of ingest does', async () => {
  const page = await (await query()('/docs')).text()
  expect(page).toContain('<h2 id="send-from-anywhere">')
  const readme = readFileSync(join(import.meta.dirname, '../../ingest/README.md'), 'utf8')
  for (const { name, text } of recipes) {
    expect([name, readme.includes(`\n${text}\n\`\`\`\n`)]).toEqual([name, true])
    expect(page).toContain(`<h3>${name}</h3>`)
    const [, parameters] = /\/logs(?:\/batch)?\?([^\s"']+)/.exec(text) ?? []
    if (name === 'A browser') continue
    expect([name, readMapping(Object.fromEntries(new URLSearchParams(parameters)))]).toMatchObject([name, { ok: true }])
  }
})

test('the reference shows how to give access, step by step as the README of access does', async () => {
  const page = await (await query()('/docs')).text()
  expect(page).toContain('<h2 id="access">')
  const readme = readFileSync(join(import.meta.dirname, '../../../shared/access/README.md'), 'utf8')
  const [, walk = ''] = /^## In ten minutes\n.*?(?=\*\*)(.*?)^## /ms.exec(readme) ?? []
  const steps = accessSteps.map(({ name, about, text }) => `**${name}.** ${about}\n\n\`\`\`sh\n${text}\n\`\`\`\n`)
  const inLines = (text: string) => text.replaceAll(/\s+/g, ' ').trim()
  expect(inLines(walk)).toBe(inLines(steps.join('\n')))
  for (const { name } of accessSteps) expect(page).toContain(`<h3>${name}</h3>`)
})

test('the reference needs nothing from other sites, and no script', async () => {
  const get = query()
  const response = await get('/docs')
  expect(response.headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'self'; img-src 'self'; base/,
  )
  const page = await response.text()
  expect(page).not.toMatch(/<script|<style|style=|\son\w+=|(?:src|href)="(?:https?:)?\/\//)
  const [, path] = /<link rel="stylesheet" href="([^"]+)">/.exec(page) ?? []
  const style = await get(path ?? '')
  expect(style.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect(await style.text()).toMatch(/color-scheme:\s*light dark/)
})

test('the reference escapes the texts of the contract', async () => {
  const hostile = '<img src=x onerror=alert(1)>'
  const info = { title: hostile, version: hostile, description: hostile }
  const page = String(
    await referencePage({ ...(document as unknown as Contract), info }, (name) => `/assets/${name}`, ''),
  )
  expect(page).not.toContain('<img')
  expect(page).toContain('&lt;img')
})
