import type { AnswerRoom } from './answer.ts'
import type { BodyRoom } from './body-room.ts'

/** The memory of one server that bodies and answers share. */
export type Rooms = { bodies: BodyRoom; answers: AnswerRoom }
