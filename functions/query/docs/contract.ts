/** The parts of OpenAPI and JSON Schema that the reference page reads. */
export type Schema = {
  $ref?: string
  type?: string | readonly string[]
  description?: string
  format?: string
  pattern?: string
  const?: unknown
  enum?: readonly unknown[]
  default?: unknown
  examples?: readonly unknown[]
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  items?: Schema
  properties?: { readonly [name: string]: Schema }
  required?: readonly string[]
  anyOf?: readonly Schema[]
  oneOf?: readonly Schema[]
}
export type Content = { readonly [type: string]: { schema: Schema; examples?: { [name: string]: { value: unknown } } } }
export type Parameter = { name: string; in: string; required: boolean; description?: string; schema: Schema }
export type Operation = {
  operationId: string
  tags: readonly string[]
  summary: string
  description?: string
  parameters?: readonly Parameter[]
  requestBody?: { required: boolean; content: Content }
  responses: {
    readonly [status: string]: {
      description: string
      headers?: { readonly [name: string]: { description: string } }
      content?: Content
    }
  }
}
export type Contract = {
  info: { title: string; version: string; description: string }
  tags: readonly { name: string; description: string }[]
  paths: { readonly [path: string]: { readonly [method in 'get' | 'post' | 'delete']?: Operation } }
  components: { schemas: { readonly [name: string]: Schema } }
}
