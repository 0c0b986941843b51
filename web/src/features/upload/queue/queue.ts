import type { Problem } from '../../../api/problem'
import type { Image } from '../../../api/types'
import { messages } from '../../../lib/messages'
import { Cell } from '../../../lib/store'
import { check, folderProblem, type Limits, unreadableProblem } from '../checks/check'
import { HEAD_BYTES } from '../checks/magic'
import { readAnswer } from './answer'
import { backoff } from './backoff'
import { type Action, reduce } from './reducer'
import { SpeedMeter } from './speed'
import { emptyQueue, isMoving, isOpen, type QueueState, type Row } from './state'
import { type Totals, totalsOf } from './totals'
import type { Transport } from './transport'
import { Watchdog } from './watchdog'

const PARALLEL = 3
const LOSSES_MAX = 6
const HOLDS_MAX = 8

/** Time, chance and the moment to tell listeners; a test drives its own. */
export interface Surroundings {
  /** Milliseconds of a clock that never jumps. */
  now(): number
  /** Milliseconds of the calendar. */
  date(): number
  random(): number
  after(ms: number, act: () => void): () => void
  /** Runs `act` once, soon; the browser's next frame. */
  soon(act: () => void): void
}

export interface Given {
  file: File
  name: string
  /** A dropped folder comes as a file that cannot be read. */
  folder: boolean
}

export interface Snapshot extends QueueState {
  totals: Totals
}

/** Takes files, looks at them, sends three at a time, and says how it goes. Knows nothing of React or the page. */
export class UploadQueue {
  readonly snapshot: Cell<Snapshot>
  /** Called once for each image that the server took. */
  onReady: (image: Image) => void = () => {}

  readonly #config: Limits
  readonly #transport: Transport
  readonly #around: Surroundings
  readonly #aborts = new Map<string, () => void>()
  readonly #speed = new SpeedMeter()
  readonly #watchdog: Watchdog
  #state: QueueState = emptyQueue
  #given = 0
  #telling = false
  #probing = false
  #cancelRetry: (() => void) | null = null

  constructor(config: Limits, transport: Transport, around: Surroundings) {
    this.#config = config
    this.#transport = transport
    this.#around = around
    this.snapshot = new Cell<Snapshot>({ ...emptyQueue, totals: totalsOf(emptyQueue, null) })
    this.#watchdog = new Watchdog(around, transport, id => this.#lose(id))
  }

  add(given: readonly Given[]): void {
    if (given.length === 0) return
    const files = given.map(({ file, name, folder }) => ({
      // Browsers make random ids on pages that came over HTTPS alone.
      id: String(++this.#given),
      file,
      name,
      size: folder ? 0 : file.size,
      folder,
    }))
    if (!this.#state.rows.some(isOpen)) this.#speed.reset()
    this.#apply({ type: 'added', files: files.map(({ folder: _, ...file }) => file) })
    for (const { id, file, folder } of files) {
      if (folder) this.#refuse(id, folderProblem(), false)
      else void this.#look(id, file)
    }
  }

  retry(ids: readonly string[]): void {
    this.#apply({ type: 'retried', ids })
    this.#pump()
  }

  retryAll(): void {
    this.retry(this.#state.rows.map(row => row.id))
  }

  remove(ids: readonly string[]): void {
    for (const id of ids) this.#stop(id)
    this.#apply({ type: 'removed', ids })
    this.#pump()
  }

  cancelRemaining(): void {
    this.remove(this.#state.rows.filter(isOpen).map(row => row.id))
  }

  clearFinished(): void {
    this.remove(this.#state.rows.filter(row => !isOpen(row)).map(row => row.id))
  }

  /** Images that were deleted, or came back, elsewhere in the app. */
  setGone(imageIds: readonly string[], gone: boolean): void {
    this.#apply({ type: 'goneChanged', imageIds, gone })
  }

  /** The browser has a network again. */
  online(): void {
    if (this.#state.connection.kind === 'down') void this.#reconnect()
  }

  /** The browser says that it has no network. A server on this machine still answers, so it is asked. */
  offline(): void {
    void this.#watchdog.examine(0)
  }

  async #look(id: string, file: File): Promise<void> {
    let head: Uint8Array
    try {
      head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer())
    } catch {
      this.#refuse(id, unreadableProblem(), false)
      return
    }
    const problem = check(file.size, head, this.#config)
    if (problem) this.#refuse(id, problem, false)
    else this.#apply({ type: 'passed', id })
    this.#pump()
  }

  #pump(): void {
    if (this.#state.connection.kind === 'down') return
    let free = PARALLEL - this.#state.rows.filter(isMoving).length
    for (const row of this.#state.rows) {
      if (free <= 0) return
      if (row.state.kind !== 'waiting') continue
      free -= 1
      this.#start(row)
    }
  }

  #start(row: Row): void {
    const { id, file, name, size } = row
    this.#apply({ type: 'started', id })
    this.#watchdog.watch(id)
    let before = 0
    const advance = (sent: number) => {
      this.#watchdog.touch(id)
      this.#speed.record(Math.max(0, sent - before), this.#around.now())
      before = sent
    }
    const abort = this.#transport.send(file, name, {
      progress: sent => {
        advance(sent)
        this.#apply({ type: 'progressed', id, sent })
      },
      sent: () => {
        advance(size)
        this.#apply({ type: 'sent', id })
      },
      reply: reply => {
        this.#settle(id)
        this.#take(id, readAnswer(reply, size, this.#around.date()))
        this.#pump()
      },
      lost: () => this.#lose(id),
    })
    this.#aborts.set(id, abort)
  }

  #take(id: string, answer: ReturnType<typeof readAnswer>): void {
    switch (answer.kind) {
      case 'ready':
        this.#apply({ type: 'answered', id, image: answer.image })
        this.onReady(answer.image)
        return
      case 'refused':
        this.#refuse(id, answer.problem, answer.retriable)
        return
      case 'held': {
        const holds = this.#row(id)?.holds ?? 0
        if (holds >= HOLDS_MAX) {
          this.#refuse(id, answer.problem, true)
          return
        }
        this.#apply({ type: 'held', id, seconds: answer.seconds })
        this.#around.after(answer.seconds * 1_000, () => {
          this.#apply({ type: 'released', id })
          this.#pump()
        })
      }
    }
  }

  /** No answer came. After many breaks of one file, though the server answers, something on the way refuses it. */
  #lose(id: string): void {
    this.#stop(id)
    const losses = (this.#row(id)?.losses ?? 0) + 1
    if (losses > LOSSES_MAX) {
      const detail = messages.problem.broke(losses)
      this.#refuse(id, { status: 0, code: 'connection_broke', detail, requestId: null }, true)
      return
    }
    const wasUp = this.#state.connection.kind === 'up'
    this.#apply({ type: 'lost', id })
    if (wasUp) this.#retryLater()
  }

  #retryLater(): void {
    const { connection } = this.#state
    if (connection.kind !== 'down') return
    this.#cancelRetry?.()
    const wait = backoff(connection.attempt, this.#around.random)
    this.#cancelRetry = this.#around.after(wait, () => void this.#reconnect())
  }

  async #reconnect(): Promise<void> {
    if (this.#probing) return
    this.#cancelRetry?.()
    this.#cancelRetry = null
    this.#probing = true
    const answers = await this.#transport.probe()
    this.#probing = false
    if (answers) {
      this.#apply({ type: 'reconnected' })
      this.#pump()
    } else {
      this.#apply({ type: 'stillDown' })
      this.#retryLater()
    }
  }

  #refuse(id: string, problem: Problem, retriable: boolean): void {
    this.#apply({ type: 'refused', id, problem, retriable })
    this.#pump()
  }

  #stop(id: string): void {
    this.#aborts.get(id)?.()
    this.#settle(id)
  }

  #settle(id: string): void {
    this.#aborts.delete(id)
    this.#watchdog.forget(id)
  }

  #row(id: string): Row | undefined {
    return this.#state.rows.find(row => row.id === id)
  }

  /** Listeners hear at most once a frame, however much happens in between. */
  #apply(action: Action): void {
    const next = reduce(this.#state, action)
    if (next === this.#state) return
    this.#state = next
    if (this.#telling) return
    this.#telling = true
    this.#around.soon(() => {
      this.#telling = false
      const speed = this.#speed.perSecond(this.#around.now())
      this.snapshot.set({ ...this.#state, totals: totalsOf(this.#state, speed) })
    })
  }
}
