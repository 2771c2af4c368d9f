import type { Schema } from './contract.ts'

/** Describes a schema in a few words, with the names of other schemas in braces. */
export function typeText(schema: Schema): string {
  const choices = schema.anyOf ?? schema.oneOf
  if (schema.$ref !== undefined) return `{${schema.$ref.split('/').at(-1)}}`
  if (choices) return choices.map(typeText).join(' or ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  const words = [schema.enum ? schema.enum.join(', ') : base(schema), ...limits(schema)]
  if (schema.default !== undefined) words.push(`default ${schema.default}`)
  return words.join('; ')
}

function base({ type, format, items, properties }: Schema): string {
  if (items) return `array of ${typeText(items)}`
  if (format !== undefined) return format
  if (properties) return `object: ${Object.keys(properties).join(', ')}`
  return (
    { string: 'text', integer: 'whole number', object: 'object', boolean: 'true or false' }[String(type)] ?? 'any value'
  )
}

function limits({ minimum, maximum, minLength, maxLength, minItems, maxItems }: Schema): string[] {
  return [
    range('', minimum, maximum),
    range(' characters', minLength, maxLength),
    range(' items', minItems, maxItems),
  ].filter((text) => text !== '')
}

function range(unit: string, min?: number, max?: number): string {
  if (min !== undefined && max !== undefined) return `${min} to ${max}${unit}`
  if (max !== undefined) return `at most ${max}${unit}`
  if (min === 1 && unit !== '') return 'not empty'
  return min === undefined ? '' : `at least ${min}${unit}`
}
