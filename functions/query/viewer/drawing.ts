import { createFairLock } from '@activity-log/shared/fair-lock.ts'
import { openAnswerRoom } from '@activity-log/shared/http/answer-room.ts'
import { unavailable } from '@activity-log/shared/http/problem.ts'
import type { Turn } from '@activity-log/shared/http/turns.ts'
import { within } from '@activity-log/shared/within.ts'
import { html } from 'hono/html'
import type { Asked } from './ask.ts'
import type { Content } from './html-document.ts'

/** What pages are drawn from, and may hold together while they wait. */
const maxHeldBytes = 16 * 1024 * 1024
/** A page that is drawn from more than this is large. */
const largeBytes = 64 * 1024
/** The links of a page repeat its address about as often as this. */
const linksOfAPage = 64
const maxWaitMs = 30_000

/** Rows are drawn in full until they have this many characters. */
export const maxDrawnLength = 1024 * 1024

/** The drawing of one page, which holds memory until it is disposed of. */
export type Drawing = Disposable & {
  /**
   * Asks for what the page is drawn from, and resolves when it may be drawn: when no other page of its kind is, and its
   * owner has the turn. `meanwhile` gets the text before the page waits.
   */
  load(
    ask: () => Promise<Asked<string>>,
    address: string,
    meanwhile?: (text: string) => Promise<void>,
  ): Promise<Asked<string>>
  /** Whether other pages wait until this one is drawn. */
  isAwaited(): boolean
}

/**
 * Bounds the memory of pages: a row takes many times its text once it is drawn. So pages are drawn one after another,
 * and small ones do not wait for large ones. Owners take turns, so the pages of one do not wait for all those of another.
 * The text that pages wait with is bounded, too: beyond that, a page forgets it and asks again when it may be drawn.
 */
export function openDrawings(): (owner: string) => Drawing {
  const room = openAnswerRoom(maxHeldBytes)
  const locks = { small: createFairLock(), large: createFairLock() }

  return (owner) => {
    const held = new DisposableStack()
    let isAwaited = false

    async function turn(kind: keyof typeof locks) {
      const taken = locks[kind](owner)
      // a page that gave up has its turn, too, once it comes
      held.defer(() => void taken.then((release) => release()))
      await within(maxWaitMs, taken, 'The page had to wait').catch(tooManyPages)
      isAwaited = true
    }

    return {
      isAwaited: () => isAwaited,
      async load(ask, address, meanwhile) {
        let asked: Asked<string> | undefined = await ask()
        if (!asked.ok) return asked
        const bytes = asked.answer.length + linksOfAPage * address.length
        const taken = room.take(bytes)
        if ('release' in taken) held.defer(taken.release)
        await meanwhile?.(asked.answer)
        if ('instead' in taken) asked = undefined
        await turn(bytes > largeBytes ? 'large' : 'small')
        return asked ?? ask()
      },
      [Symbol.dispose]: () => held.dispose(),
    }
  }
}

function tooManyPages(cause: unknown): never {
  throw unavailable('Too many pages are asked for at a time. Try again in a moment, or ask for fewer rows.', cause)
}

/**
 * Draws rows one after another, with turns for other requests in between: a row may have hundreds of members, and a page
 * a thousand rows. `draw` gets the number of characters that are drawn already. If the client goes away, nobody needs
 * the rest.
 */
export async function drawEach<Item>(
  items: Iterable<Item>,
  { turn, isGone }: { turn: Turn; isGone: () => boolean },
  draw: (item: Item, drawnLength: number) => Content,
): Promise<Content[]> {
  const drawn: Content[] = []
  let length = 0
  for (const item of items) {
    await turn()
    if (isGone()) break
    const row = await html`${draw(item, length)}`
    // counting the bytes joins the pieces of the row, which V8 otherwise keeps until the page is written: tens of
    // thousands of them, which take longer to join than all else that a page does in one turn
    Buffer.byteLength(String(row))
    length += row.length
    drawn.push(row)
  }
  return drawn
}
