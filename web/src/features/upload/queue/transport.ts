import { paths, root } from '../../../lib/paths'
import type { Reply } from './answer'

export interface SendEvents {
  /** Bytes of the file that have left, never more than it has; fewer than before where it is sent anew. */
  progress(sent: number): void
  /** The whole body has left. */
  sent(): void
  reply(reply: Reply): void
  /** No answer came: the connection broke, or never was. */
  lost(): void
}

/** How the queue reaches the server; a test puts its own in its place. */
export interface Transport {
  /** Sends one file and returns what stops it. After that no event comes. */
  send(file: File, name: string, events: SendEvents): () => void
  /** Whether the server answers at all. */
  probe(): Promise<boolean>
}

/** The part of XMLHttpRequest that is used. fetch cannot tell how much of a body has left. */
export interface Xhr {
  readonly upload: {
    onprogress: ((event: ProgressEvent) => void) | null
    onload: ((event: ProgressEvent) => void) | null
  }
  readonly status: number
  readonly responseText: string
  onload: ((event: ProgressEvent) => void) | null
  onerror: ((event: ProgressEvent) => void) | null
  ontimeout: ((event: ProgressEvent) => void) | null
  open(method: string, url: string): void
  setRequestHeader(name: string, value: string): void
  getResponseHeader(name: string): string | null
  send(body: FormData | Blob): void
  abort(): void
}

const PROBE_MS = 5_000

export function xhrTransport(create: () => Xhr, fetcher: typeof fetch): Transport {
  return {
    send(file, name, events) {
      const xhr = create()
      let over = false
      const once = (act: () => void) => () => {
        if (over) return
        over = true
        act()
      }
      xhr.upload.onprogress = event => {
        // The body is the file and some multipart lines; what counts is the file's share.
        if (!over && event.total > 0) events.progress(Math.floor((event.loaded / event.total) * file.size))
      }
      xhr.upload.onload = () => {
        if (!over) events.sent()
      }
      xhr.onload = once(() =>
        events.reply({
          status: xhr.status,
          body: xhr.responseText,
          retryAfter: xhr.getResponseHeader('Retry-After'),
        }),
      )
      xhr.onerror = once(events.lost)
      xhr.ontimeout = once(events.lost)
      xhr.open('POST', root + paths.api.images)
      xhr.setRequestHeader('Accept', 'application/json, application/problem+json')
      const body = new FormData()
      // The server keeps none in a name either, and cannot read a form that has them in its lines.
      body.append('file', file, name.replaceAll(/\p{Cc}/gu, ''))
      xhr.send(body)
      return once(() => xhr.abort())
    },

    async probe() {
      try {
        const response = await fetcher(root + paths.api.config, {
          cache: 'no-store',
          signal: AbortSignal.timeout(PROBE_MS),
        })
        // A proxy that answers for a server that is down is not the server.
        return response.status < 502
      } catch {
        return false
      }
    },
  }
}
