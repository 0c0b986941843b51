import { parseJson, readProblem } from '../../../api/problem'
import { type DirectBegun, isDirectBegun } from '../../../api/types'
import { paths, root } from '../../../lib/paths'
import type { Reply } from './answer'
import type { Surroundings } from './queue'
import type { SendEvents, Transport, Xhr } from './transport'

/** Larger files go without their hash: they would have to be in memory whole. */
const HASHED_BYTES_MAX = 16 * 1024 * 1024
/** How long files go through the server after the store has refused one. */
const REFUSED_MS = 5 * 60_000
/** What the server says of an upload whose time is over, or whose file is gone although the store had taken it. */
const SENT_ANEW: ReadonlySet<string> = new Set(['upload_over', 'not_sent'])
/** A store that has taken no byte by then is out of this browser's reach; some networks never say so. */
const UNREACHED_MS = 10_000

/** What the page gives; a test gives its own. */
export interface Around extends Pick<Surroundings, 'now' | 'after'> {
  /** Whether the browser has a network at all. */
  online(): boolean
  xhr(): Xhr
  fetch: typeof fetch
  /** Missing in pages that came over plain HTTP. */
  subtle: SubtleCrypto | undefined
}

interface Sending {
  file: File
  name: string
  events: SendEvents
  stopped: AbortSignal
}

/**
 * Sends files straight to the object storage, and has the server publish them. Where the store or its CORS rules refuse
 * this browser, nobody is bothered with it: that file goes through the server instead, and for a while so do all others.
 */
export class DirectTransport implements Transport {
  readonly #proxied: Transport
  readonly #around: Around
  /** Uploads whose files are at the store. The server may be asked again and again to publish one. */
  readonly #stored = new WeakMap<File, string>()
  #refusedUntil = Number.NEGATIVE_INFINITY

  constructor(proxied: Transport, around: Around) {
    this.#proxied = proxied
    this.#around = around
  }

  probe(): Promise<boolean> {
    return this.#proxied.probe()
  }

  send(file: File, name: string, events: SendEvents): () => void {
    const stop = new AbortController()
    const sending = { file, name, events, stopped: stop.signal }
    const uploadId = this.#stored.get(file)
    if (uploadId === undefined) void this.#begin(sending, false)
    else {
      // No answer came when it was to be published, or one that asked to come back later.
      events.sent()
      void this.#complete(sending, uploadId, false)
    }
    return () => stop.abort()
  }

  /** `again`: the server has forgotten an upload of this file before. */
  async #begin(sending: Sending, again: boolean): Promise<void> {
    const { file, name, events, stopped } = sending
    if (this.#around.now() < this.#refusedUntil) return this.#sendProxied(sending)
    const reply = await this.#ask(sending, paths.api.init, {
      // JSON with half a character in it cannot be read; forms send this in its place.
      filename: name.replaceAll(/\p{Cs}/gu, '\ufffd'),
      // Browsers guess it from the name, and a wrong guess would be refused. Files are told by their bytes alone.
      contentType: 'application/octet-stream',
      size: file.size,
      sha256: await sha256(file, this.#around.subtle),
    })
    if (!reply) return
    if (reply.status !== 200) return events.reply(reply)
    const begun = parseJson(reply.body)
    if (!isDirectBegun(begun)) return this.#sendProxied(sending)
    const status = await this.#put(sending, begun)
    if (stopped.aborted) return
    if (status >= 200 && status < 300) {
      this.#stored.set(file, begun.uploadId)
      return this.#complete(sending, begun.uploadId, again)
    }
    if (status === 0 && !this.#around.online()) return events.lost()
    this.#refusedUntil = this.#around.now() + REFUSED_MS
    events.progress(0)
    this.#sendProxied(sending)
  }

  /** The status that the store answered; 0 where no answer came. */
  #put({ file, events, stopped }: Sending, { uploadURL, headers }: DirectBegun): Promise<number> {
    return new Promise(resolve => {
      const xhr = this.#around.xhr()
      const giveUp = () => {
        xhr.abort()
        end()
      }
      const reached = this.#around.after(UNREACHED_MS, giveUp)
      const end = () => {
        reached()
        resolve(xhr.status)
      }
      stopped.addEventListener('abort', giveUp)
      xhr.upload.onprogress = event => {
        reached()
        if (!stopped.aborted) events.progress(Math.min(event.loaded, file.size))
      }
      xhr.upload.onload = () => {
        reached()
        if (!stopped.aborted) events.sent()
      }
      xhr.onload = end
      xhr.onerror = end
      xhr.ontimeout = end
      xhr.open('PUT', uploadURL)
      for (const [header, value] of Object.entries(headers)) xhr.setRequestHeader(header, value)
      // A slice has no type, so that the browser adds no Content-Type of its own.
      xhr.send(file.slice())
    })
  }

  async #complete(sending: Sending, uploadId: string, again: boolean): Promise<void> {
    const { file, events } = sending
    const reply = await this.#ask(sending, paths.api.complete, { uploadId, duplicates: 'return' })
    if (!reply) return
    if (!isOver(reply)) return events.reply(reply)
    this.#stored.delete(file)
    if (again) return events.reply(reply)
    events.progress(0)
    await this.#begin(sending, true)
  }

  #sendProxied({ file, name, events, stopped }: Sending): void {
    stopped.addEventListener('abort', this.#proxied.send(file, name, events))
  }

  /** The server's answer to a question in JSON. Null where none came, which was told then, and after a stop. */
  async #ask({ events, stopped }: Sending, path: string, question: object): Promise<Reply | null> {
    try {
      const response = await this.#around.fetch(root + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Accept: 'application/json, application/problem+json' },
        body: JSON.stringify(question),
        signal: stopped,
      })
      const { status, headers } = response
      const body = await response.text()
      return stopped.aborted ? null : { status, body, retryAfter: headers.get('Retry-After') }
    } catch {
      if (!stopped.aborted) events.lost()
      return null
    }
  }
}

/** In hex. Undefined where it cannot be had; a file that cannot be read says so when it is sent. */
async function sha256(file: File, subtle: SubtleCrypto | undefined): Promise<string | undefined> {
  if (!subtle || file.size > HASHED_BYTES_MAX) return undefined
  try {
    const digest = await subtle.digest('SHA-256', await file.arrayBuffer())
    return Array.from(new Uint8Array(digest), byte => byte.toString(16).padStart(2, '0')).join('')
  } catch {
    return undefined
  }
}

/** The server no longer knows the upload, or no longer takes it: the file must be sent anew. */
function isOver({ status, body }: Reply): boolean {
  return status === 404 || (status === 409 && SENT_ANEW.has(readProblem(status, parseJson(body), '').code))
}
