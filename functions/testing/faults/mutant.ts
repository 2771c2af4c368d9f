export type Edit = { file: string; find: string; replace: string }

export type Mutant = {
  name: string
  safeguard: string
  /** What the program promises, and does not keep without the safeguard. */
  breaks: string
  /** The processes that lack it, as functions/testing/production.ts names them; `log` is npm start. */
  in: readonly ('ingest' | 'persist' | 'source' | 'log')[]
  /** What has to go wrong for it to be seen; `nothing` where an ordinary request is enough. */
  fault: 'nothing' | 'kill' | 'stop' | 'power loss' | 'broker' | 'leader moves' | 'store' | 'load'
  /** A way to see it, step by step, and what is seen. */
  shownBy: string
  edits: readonly Edit[]
}
