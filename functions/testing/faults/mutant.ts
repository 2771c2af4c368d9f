export type Edit = { file: string; find: string; replace: string }

export type Mutant = {
  name: string
  safeguard: string
  /** The promise that the program breaks without the safeguard. */
  breaks: string
  /** The processes that lack the safeguard, as functions/testing/production.ts names them; `log` is npm start. */
  in: readonly ('ingest' | 'persist' | 'source' | 'log')[]
  /** The fault that reveals the missing safeguard; `nothing` when an ordinary request does. */
  fault: 'nothing' | 'kill' | 'stop' | 'power loss' | 'broker' | 'leader moves' | 'store' | 'load'
  /** The steps that reveal it, and their result. */
  shownBy: string
  edits: readonly Edit[]
}
