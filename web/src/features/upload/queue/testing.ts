/** What the queue's tests put in the place of the network and the clock. */
import { anImage } from '../../../api/testing'
import type { Surroundings } from './queue'
import type { SendEvents, Transport, Xhr } from './transport'

/** A file that passes the first look, of the size asked for. */
export function aJpeg(name: string, size = 1_000): File {
  const bytes = new Uint8Array(size)
  bytes.set([0xff, 0xd8, 0xff, 0xe0])
  return new File([bytes], name, { type: 'image/jpeg' })
}

/** Time that stands still until it is moved. */
export class FakeSurroundings implements Surroundings {
  #now = 0
  #timers: { at: number; act: () => void }[] = []

  now = () => this.#now
  date = () => this.#now
  random = () => 0.5
  soon = (act: () => void) => act()

  after = (ms: number, act: () => void) => {
    const timer = { at: this.#now + ms, act }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter(other => other !== timer)
    }
  }

  /** Moves time, firing what falls due in order, and lets promises settle in between. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      await settle()
      const due = this.#timers.filter(timer => timer.at <= end).sort((a, b) => a.at - b.at)[0]
      if (!due) break
      this.#timers = this.#timers.filter(timer => timer !== due)
      this.#now = Math.max(this.#now, due.at)
      due.act()
    }
    this.#now = end
    await settle()
  }
}

/** Lets everything that waits on resolved promises run, file reads included. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(done => setTimeout(done, 0))
}

export interface Sending {
  name: string
  events: SendEvents
  aborted: boolean
}

export class FakeTransport implements Transport {
  readonly sendings: Sending[] = []
  reachable = true
  probes = 0

  send(_file: File, name: string, events: SendEvents) {
    const sending = { name, events, aborted: false }
    this.sendings.push(sending)
    return () => {
      sending.aborted = true
    }
  }

  async probe() {
    this.probes += 1
    return this.reachable
  }

  /** The newest sending of a file. */
  of(name: string): Sending {
    const sending = this.sendings.findLast(each => each.name === name)
    if (!sending) throw new Error(`${name} was not sent`)
    return sending
  }

  accept(name: string): void {
    const { events } = this.of(name)
    events.sent()
    events.reply({ status: 201, body: JSON.stringify(anImage(name)), retryAfter: null })
  }
}

export const progress = (type: string, loaded = 0, total = 0) =>
  Object.assign(new Event(type), { lengthComputable: total > 0, loaded, total }) satisfies ProgressEvent

export class FakeXhr implements Xhr {
  readonly upload: Xhr['upload'] = { onprogress: null, onload: null }
  status = 0
  responseText = ''
  headers: Record<string, string> = {}
  opened = ''
  readonly sentHeaders: Record<string, string> = {}
  body: FormData | Blob | null = null
  aborted = false
  onload: Xhr['onload'] = null
  onerror: Xhr['onerror'] = null
  ontimeout: Xhr['ontimeout'] = null

  open(method: string, url: string) {
    this.opened = `${method} ${url}`
  }
  setRequestHeader(name: string, value: string) {
    this.sentHeaders[name] = value
  }
  getResponseHeader(name: string) {
    return this.headers[name] ?? null
  }
  send(body: FormData | Blob) {
    this.body = body
  }
  abort() {
    this.aborted = true
  }
  part(name: string) {
    return this.body instanceof FormData ? this.body.get(name) : null
  }
  answer(status: number, body: string, headers: Record<string, string> = {}) {
    Object.assign(this, { status, responseText: body, headers })
    this.onload?.(progress('load'))
  }
}

/** Events of a sending, and what came of them in words. */
export function noted(): { log: string[]; events: SendEvents } {
  const log: string[] = []
  const events: SendEvents = {
    progress: sent => log.push(`progress ${sent}`),
    sent: () => log.push('sent'),
    reply: reply => log.push(`reply ${reply.status} ${reply.body} ${reply.retryAfter}`),
    lost: () => log.push('lost'),
  }
  return { log, events }
}
