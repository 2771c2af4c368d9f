import type { Answer, AnswerRoom } from './answer.ts'
import type { BodyRoom } from './body-room.ts'
import { type TurnOf, unknownOwner } from './turns.ts'

/** The memory of one server that bodies and answers share, and the turns of its event loop. */
export type Rooms = { bodies: BodyRoom; answers: AnswerRoom; turn: TurnOf }

/** Asks for a turn before a problem is written, since all who wait for the same thing may fail at the same time. */
export const turnToAnswer = ({ status }: Answer, rooms: Rooms | undefined): Promise<void> | undefined =>
  status >= 400 ? rooms?.turn(unknownOwner) : undefined
