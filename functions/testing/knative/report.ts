import { cpus } from 'node:os'
import type { Findings } from './proof.ts'

export type Part = { title: string; findings: Findings; ms: number }

/** The report of a run, as Markdown. */
export function report(parts: readonly Part[], { words, ms }: { words: readonly string[]; ms: number }): string {
  const command = ['npm run system -- knative', ...words].join(' ')
  const problems = parts.flatMap(({ findings }) => findings.problems)
  const made = `\`${command}\`, on ${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} processors: ${minutes(ms)}, ${problems.length} problems.`
  const section = ({ title, findings, ms: took }: Part) => [
    `## ${title} (${minutes(took)})`,
    ...findings.text,
    ...(findings.problems.length > 0
      ? [
          findings.problems
            .slice(0, 20)
            .map((problem) => `- PROBLEM: ${problem}`)
            .join('\n'),
        ]
      : []),
  ]
  return `${['# On a real Knative', made, ...parts.flatMap(section)].join('\n\n')}\n`
}

const minutes = (ms: number) =>
  `${Math.floor(ms / 60_000)}:${`${Math.floor((ms % 60_000) / 1000)}`.padStart(2, '0')} min`
