import * as v from 'valibot'

export type Environment = { readonly [name: string]: string | undefined }

/** The environment is invalid; the message lists every error. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** The process cannot start for a reason that its user can fix. The message is enough; a stack would not help. */
export class StartError extends Error {
  override name = 'StartError'
}

/** EX_CONFIG of sysexits.h: the exit code for an invalid configuration. */
export const exitConfig = 78

/** Checks several variables together: returns a line for each error, which begins with the name of a variable. */
export type ConfigRule = (set: Environment) => readonly string[]

/** Reads the variables that the schema names. An empty one counts as not set. Throws ConfigError. */
export function readConfig<Schema extends v.ObjectSchema<v.ObjectEntries, undefined>>(
  schema: Schema,
  environment: Environment,
  ...rules: readonly ConfigRule[]
): v.InferOutput<Schema> {
  const set = Object.fromEntries(
    Object.keys(schema.entries).flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  )
  const parsed = v.safeParse(schema, set)
  const together = rules.flatMap((rule) => rule(set).map((line) => `  ${line}`))
  if (parsed.success && together.length === 0) return parsed.output
  const single = (parsed.issues ?? []).map((issue) => {
    const name = String(issue.path?.[0]?.key)
    return `  ${name}${name in set ? ` ${issue.message}` : ' is required'}`
  })
  const lines = [...single, ...together]
  throw new ConfigError(`Invalid configuration:\n${lines.join('\n')}`)
}

export const Port = (preset: string) =>
  v.optional(
    v.pipe(
      v.string(),
      v.check((text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535, 'must be a port: 0 to 65535'),
      v.transform(Number),
    ),
    preset,
  )

/** Where the API is mounted behind a proxy that passes paths as they are; empty if at the root. */
export const BasePath = v.optional(
  v.pipe(
    v.string(),
    v.check(
      (text) => /^(\/[\w.~-]+)*$/.test(text) && !/\/\.\.?(\/|$)/.test(text) && text !== '/healthz',
      'must be a path such as /audit: segments of letters, digits and ._~-, each after a slash, without one at the end',
    ),
  ),
  '',
)

export const LogLevel = v.optional(
  v.picklist(
    ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'],
    'must be silent, fatal, error, warn, info, debug or trace',
  ),
  'info',
)
