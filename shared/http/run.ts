import { ConfigError, exitConfig, StartError } from '../config.ts'

/** Runs a process's main. What its user can fix is said in plain words; anything else is a fault and keeps its stack. */
export function run(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    if (error instanceof ConfigError || error instanceof StartError) console.error(error.message)
    else console.error(error)
    process.exit(error instanceof ConfigError ? exitConfig : 1)
  })
}
