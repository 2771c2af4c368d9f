import * as v from 'valibot'
import type { Command, Option, Variable } from './command.ts'
import { exitCodes } from './exit-codes.ts'

export const programName = 'activity-log'

/** The words that show the help of a command. */
export const helpWords = (name: string) => (name.includes(' ') ? `${name} --help` : `help ${name}`)

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** Joins the lines of each paragraph, since only an empty line of the source ends a paragraph. */
export const paragraphs = (text: string) => text.trim().replace(/(?<!\n)\n(?!\n)/g, ' ')

/** `--query-url <URL>` */
export const flags = (name: string, { value }: Option) => `--${kebab(name)}${value === undefined ? '' : ` <${value}>`}`

/** Describes an option, and where its value comes from if it is not given. */
export function optionText({ summary, schema, variable }: Option | (Variable & { variable?: never })): string {
  if (!schema) return summary
  const otherwise = [...(variable === undefined ? [] : [`else ${variable}`]), ...absence(schema)]
  return otherwise.length === 0 ? summary : `${summary} (${otherwise.join(', ')})`
}

/** Lists the variables that have no option, if there are any. */
export function environmentText({ environment }: Command): string {
  const variables = Object.entries(environment)
  const width = Math.max(...variables.map(([name]) => name.length))
  const lines = variables.map(([name, variable]) => `  ${name.padEnd(width)}  ${optionText(variable)}`)
  return lines.length === 0 ? '' : ['', 'Environment:', ...lines].join('\n')
}

function absence(schema: v.GenericSchema<string | undefined, unknown>): string[] {
  const preset: unknown = v.getDefault(schema)
  if (preset !== undefined) return [`default: ${preset}`]
  return v.safeParse(schema, undefined).success ? [] : ['required']
}

export const programText = `
Exit codes:
  ${exitCodes.done}   done
  ${exitCodes.negative}   done, and the answer is no: the ledger is not complete, or lines of a file were rejected
  ${exitCodes.usage}  an unknown command or option, or an invalid value
  ${exitCodes.unavailable}  the log, Kafka or MongoDB does not answer
  ${exitCodes.fault}  a fault in this program
  ${exitCodes.output}  done, but the answer could not be written
  ${exitCodes.config}  an invalid environment

In a checkout of the repository, run: npm run log -- COMMAND`
