import { ConfigError, exitConfig, StartError } from '../config.ts'

/** Runs a process's main. An error that its user can fix is printed in plain words, any other with its stack. */
export function run(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    if (error instanceof ConfigError || error instanceof StartError) console.error(error.message)
    else console.error(error)
    if (error instanceof ConfigError) process.exit(exitConfig)
    process.exit(error instanceof StartError ? error.exitCode : 1)
  })
}
