import { infiniteQueryOptions, type QueryClient } from '@tanstack/react-query'
import { deleteImage, listImages, problemOf, restoreImage } from '../../api/client'
import type { Image, ImageList } from '../../api/types'
import { messages } from '../../lib/messages'
import type { Order } from '../../lib/preferences'
import { Cell } from '../../lib/store'
import { followerOf, type Listed, withBack, withFirstPage, withNew, without } from './cache'

const PAGE = 100

export const imagesQuery = (order: Order) =>
  infiniteQueryOptions<ImageList, Error, Listed, readonly ['images', Order], string | null>({
    queryKey: ['images', order],
    queryFn: ({ pageParam, signal }) => listImages(order, pageParam, PAGE, signal),
    initialPageParam: null,
    getNextPageParam: page => page.next_cursor,
    // Kept for the whole visit, so that Back finds the list as long as it was; `refresh` brings what is new.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
    retry: 1,
  })

interface Deleted {
  image: Image
  follower: string | null
  /** Whether the server has deleted it, once it answered. */
  gone: Promise<boolean>
}

/** What the undo toast shows. */
export type Notice =
  | { kind: 'deleted'; images: readonly Image[] }
  | { kind: 'restored'; count: number }
  | { kind: 'failed'; words: string; requestId: string | null }

/** The name a person knows the image by. */
export const nameOf = (image: Image): string => image.title ?? image.file_name ?? messages.library.untitled

/** Changes to the listed images: each is shown at once and taken back if the server refuses. */
export class Library {
  readonly notice = new Cell<Notice | null>(null)
  /** Uploaded while the reader was further down; shown when they come back to the top. */
  readonly held = new Cell<readonly Image[]>([])
  /** Called when images were deleted or came back. */
  onGone: (ids: readonly string[], gone: boolean) => void = () => {}

  readonly #queries: QueryClient
  #order: Order = 'newest'
  #undoable: Deleted[] = []
  /** The last change asked for of an image: the next one waits for its answer, lest it overtake it on its way. */
  readonly #asked = new Map<string, Promise<unknown>>()
  /** Made while a list was under way, whose answer does not know of them. Made once more, each changes nothing. */
  #late: ((data: Listed) => Listed)[] = []
  #refreshing = 0

  constructor(queries: QueryClient) {
    this.#queries = queries
    queries.getQueryCache().subscribe(event => {
      if (event.type !== 'updated' || event.query.queryKey[0] !== 'images') return
      const { action } = event
      if (action.type === 'error' || (action.type === 'success' && !action.manual)) this.#answered()
    })
  }

  /** Which list is shown. Only that one is kept: the other would not know of what is changed here. */
  show(order: Order): void {
    if (order === this.#order) return
    this.#queries.removeQueries({ queryKey: imagesQuery(this.#order).queryKey })
    this.#order = order
    this.#late = []
    this.held.set([])
    this.dismiss()
  }

  /** A fresh upload. With `hold`, it waits until `release`, lest it push down what is being read. */
  arrive(image: Image, hold: boolean): void {
    if (hold && this.#order === 'newest') this.held.set([image, ...this.held.get()])
    else this.#change(data => withNew(data, [image], this.#order))
  }

  release(): void {
    const images = this.held.get()
    if (images.length === 0) return
    this.held.set([])
    this.#change(data => withNew(data, images, this.#order))
  }

  async refresh(): Promise<void> {
    if (!this.#data()) return
    this.#refreshing += 1
    try {
      const order = this.#order
      const first = await listImages(order, null, PAGE)
      if (order === this.#order) this.#set(data => withFirstPage(data, first))
    } catch {
      // The list stays as it was; asking for more of it says what is wrong.
    } finally {
      this.#refreshing -= 1
      this.#answered()
    }
  }

  async delete(image: Image): Promise<void> {
    const follower = followerOf(this.#data(), image.id)
    this.#change(data => without(data, [image.id]))
    const gone = this.#ask(image.id, () => deleteImage(image.id)).then(
      () => true,
      error => {
        this.#undoable = this.#undoable.filter(other => other !== deleted)
        this.#change(data => withBack(data, image, follower, this.#order))
        this.onGone([image.id], false)
        this.#tellFailed(error, why => messages.library.deleteFailed(nameOf(image), why))
        return false
      },
    )
    const deleted = { image, follower, gone }
    this.#undoable.push(deleted)
    this.#tellDeleted()
    this.onGone([image.id], true)
    await gone
  }

  /** Brings back what the toast speaks of, last deleted first, so that each finds its follower. */
  async undo(): Promise<void> {
    const all = this.#undoable.toReversed()
    if (all.length === 0) return
    this.#undoable = []
    this.notice.set(null)
    let restored = 0
    for (const { image, follower, gone } of all) {
      this.#change(data => withBack(data, image, follower, this.#order))
      this.onGone([image.id], false)
      try {
        const back = await this.#ask(image.id, async () => ((await gone) ? restoreImage(image.id) : null))
        if (back) restored += 1
      } catch (error) {
        this.#change(data => without(data, [image.id]))
        this.onGone([image.id], true)
        this.#tellFailed(error, messages.library.restoreFailed)
      }
    }
    // What was deleted meanwhile may be undone: that toast stays.
    if (restored === all.length && this.#undoable.length === 0) this.notice.set({ kind: 'restored', count: restored })
  }

  /** The time to undo is over. */
  dismiss(): void {
    this.#undoable = []
    this.notice.set(null)
  }

  async #ask<Answer>(id: string, send: () => Promise<Answer>): Promise<Answer> {
    const answer = (this.#asked.get(id) ?? Promise.resolve()).then(send, send)
    this.#asked.set(id, answer)
    try {
      return await answer
    } finally {
      if (this.#asked.get(id) === answer) this.#asked.delete(id)
    }
  }

  #tellDeleted(): void {
    this.notice.set({ kind: 'deleted', images: this.#undoable.map(each => each.image) })
  }

  #tellFailed(error: unknown, words: (why: string) => string): void {
    const problem = problemOf(error)
    this.notice.set({ kind: 'failed', words: words(problem.detail), requestId: problem.requestId })
  }

  #data(): Listed | undefined {
    return this.#queries.getQueryData(imagesQuery(this.#order).queryKey)
  }

  #change(change: (data: Listed) => Listed): void {
    if (this.#isListing()) this.#late.push(change)
    this.#set(change)
  }

  #isListing(): boolean {
    const state = this.#queries.getQueryState(imagesQuery(this.#order).queryKey)
    return this.#refreshing > 0 || state?.fetchStatus === 'fetching'
  }

  /** A list came or failed: what changed meanwhile is put into it. */
  #answered(): void {
    const late = this.#late
    if (late.length === 0) return
    if (!this.#isListing()) this.#late = []
    this.#set(data => late.reduce((changed, change) => change(changed), data))
  }

  #set(change: (data: Listed) => Listed): void {
    this.#queries.setQueryData(imagesQuery(this.#order).queryKey, data => (data ? change(data) : data))
  }
}
