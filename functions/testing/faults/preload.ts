/** The environment in which a program dies at a point (crash-points.ts), or lacks a safeguard (mutants.ts). */
export function withFaults({ crashAt, mutant }: { crashAt?: string; mutant?: string }): NodeJS.ProcessEnv {
  const preloads = [crashAt && 'crash-points.ts', mutant && 'mutants.ts'].filter((file) => file !== undefined)
  return {
    NODE_OPTIONS: preloads.map((file) => `--import=${new URL(file, import.meta.url)}`).join(' '),
    ...(crashAt && { CRASH_AT: crashAt }),
    ...(mutant && { MUTANT: mutant }),
  }
}
