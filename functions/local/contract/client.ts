import openapiTypescript, { astToString, type OpenAPI3 } from 'openapi-typescript'
import { contract } from './document.ts'

/** The contract as TypeScript: what openapi-fetch makes a typed client of. */
export async function clientText(): Promise<string> {
  const ast = await openapiTypescript(contract() as unknown as OpenAPI3, { silent: true })
  return `// npm run contract makes this of the contract of the HTTP API.\n\n${astToString(ast)}`
}
