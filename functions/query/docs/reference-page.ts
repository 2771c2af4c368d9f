import { html } from 'hono/html'
import type { AssetPath } from '../viewer/assets.ts'
import { accessSteps } from './access-steps.ts'
import type { Contract, Operation, Schema } from './contract.ts'
import { curlExample } from './curl-example.ts'
import { type Recipe, recipes } from './recipes.ts'
import { typeText } from './type-text.ts'

type Html = ReturnType<typeof html>

const methods = ['get', 'post', 'delete'] as const
type Entry = { method: (typeof methods)[number]; path: string; operation: Operation }

/** The contract as a page for people. It is made from the contract alone, and needs neither scripts nor other sites. */
export function referencePage({ info, tags, paths, components }: Contract, asset: AssetPath, basePath: string): Html {
  const entries: Entry[] = Object.entries(paths).flatMap(([path, item]) =>
    methods.flatMap((method) => (item[method] ? [{ method, path, operation: item[method] }] : [])),
  )
  const of = (tag: string) => entries.filter(({ operation }) => operation.tags.includes(tag))
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title}: the HTTP API</title>
<meta name="description" content="Every route of the activity log, with its parameters, its answers and an example.">
<link rel="icon" href="${asset('icon.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${asset('reference.css')}">
</head>
<body>
<a class="skip" href="#main">Skip to the reference</a>
<nav aria-label="Contents">
<a href="#main"><strong>${info.title}</strong></a>
${tags.map(
  ({ name }) => html`<h2>${name}</h2><ul>
${of(name).map(
  ({ method, path, operation }) =>
    html`<li><a href="#${operation.operationId}"><span class="method ${method}">${method.toUpperCase()}</span> ${path}</a></li>
`,
)}</ul>
`,
)}<h2><a href="#send-from-anywhere">Send from anywhere</a></h2>
<h2><a href="#access">Access</a></h2>
<h2><a href="#schemas">Schemas</a></h2>
</nav>
<main id="main">
<h1>${info.title}</h1>
<p class="soft">Version ${info.version}. <a href="${basePath}/">The viewer</a> shows the log to people. Programs can read this
contract as OpenAPI 3.1: <a href="${basePath}/openapi.json">${basePath}/openapi.json</a>.</p>
${info.description.split('\n\n').map((text) => html`<p>${text}</p>`)}
${tags.map(
  ({ name, description }) => html`<section aria-labelledby="${anchor(name)}">
<h2 id="${anchor(name)}">${name}</h2>
<p class="soft">${description}</p>
${of(name).map((entry) => operationArticle(entry, basePath))}
</section>
`,
)}<section aria-labelledby="send-from-anywhere">
<h2 id="send-from-anywhere">Send from anywhere</h2>
<p class="soft">Give each activity an id when it happens, and a sender that tries again stores it once.</p>
${recipes.map(recipeArticle)}
</section>
<section aria-labelledby="access">
<h2 id="access">Access</h2>
<p class="soft">A log without keys serves its own machine alone, and everybody there may do everything. With keys, every request
needs one: Authorization: Bearer als_…. These steps take ten minutes, with bash and in a checkout of the repository.</p>
${accessSteps.map(recipeArticle)}
</section>
<section aria-labelledby="schemas">
<h2 id="schemas">Schemas</h2>
${Object.entries(components.schemas).map(([name, schema]) => schemaArticle(name, schema))}
</section>
</main>
</body>
</html>`
}

const anchor = (name: string) => name.toLowerCase().replaceAll(' ', '-')

function operationArticle({ method, path, operation }: Entry, basePath: string): Html {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation
  return html`<article id="${operationId}">
<h3><span class="method ${method}">${method.toUpperCase()}</span> <a href="#${operationId}"><code>${path}</code></a></h3>
<p>${summary}. ${description ?? ''}</p>
<pre tabindex="0"><code>${curlExample(method, basePath + path, operation)}</code></pre>
${
  parameters.length > 0 &&
  html`<h4>Parameters</h4>
${table(
  ['Name', 'In', 'Description'],
  parameters.map(({ name, in: place, required, description = '', schema }) => [
    html`<code>${schema.type === 'object' ? `${name}.…` : name}</code>`,
    required ? `${place}, required` : place,
    html`<p>${description}</p><p class="soft">${schema.type === 'object' ? 'text' : typeText(schema)}</p>`,
  ]),
)}`
}
${
  requestBody &&
  html`<h4>Body${requestBody.required ? '' : ', optional'}</h4>
${table(
  ['Content type', 'Description'],
  Object.entries(requestBody.content).map(([type, { schema }]) => [
    html`<code>${type}</code>`,
    html`${typeLinks(schema)} ${schema.description ?? ''}`,
  ]),
)}`
}
<h4>Responses</h4>
${table(
  ['Status', 'Content type', 'Description'],
  Object.entries(responses).map(([status, { description, headers = {}, content = {} }]) => [
    html`<code>${status}</code>`,
    Object.keys(content).join(', '),
    html`<p>${description}</p>${Object.values(content).map(
      ({ schema }) => html`<p>${typeLinks(schema)}</p>`,
    )}${Object.entries(headers).map(([name, header]) => html`<p class="soft"><code>${name}</code>: ${header.description}</p>`)}`,
  ]),
)}
</article>
`
}

const recipeArticle = ({ name, about, text }: Recipe): Html => html`<article>
<h3>${name}</h3>
${about && html`<p>${about}</p>`}
<pre tabindex="0"><code>${text}</code></pre>
</article>
`

function schemaArticle(name: string, schema: Schema): Html {
  const required = schema.required ?? []
  return html`<article id="schema-${name}">
<h3><a href="#schema-${name}"><code>${name}</code></a></h3>
<p>${schema.description ?? ''}</p>
${table(
  ['Member', 'Presence', 'Description'],
  Object.entries(schema.properties ?? {}).map(([member, value]) => [
    html`<code>${member}</code>`,
    required.includes(member) ? 'always' : 'optional',
    html`<p>${value.description ?? ''}</p><p class="soft">${typeLinks(value)}</p>`,
  ]),
)}
</article>
`
}

function table(heads: readonly string[], rows: readonly (readonly (Html | string)[])[]): Html {
  return html`<div class="wide"><table><thead><tr>${heads.map((head) => html`<th>${head}</th>`)}</tr></thead><tbody>
${rows.map(
  (cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>
`,
)}</tbody></table></div>`
}

/** A type in a few words, with the names of schemas as links to them. */
function typeLinks(schema: Schema): Html {
  const parts = typeText(schema).split(/(\{[A-Za-z]+\})/)
  return html`${parts.map((part) => {
    const name = /^\{(.+)\}$/.exec(part)?.[1]
    return name ? html`<a href="#schema-${name}">${name}</a>` : part
  })}`
}
