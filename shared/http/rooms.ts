import type { AnswerRoom } from './answer.ts'
import type { BodyRoom } from './body-room.ts'
import type { Turn } from './turns.ts'

/** The memory of one server that bodies and answers share, and the turns of its event loop. */
export type Rooms = { bodies: BodyRoom; answers: AnswerRoom; turn: Turn }
