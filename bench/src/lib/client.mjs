// The side that sends and reads: multipart forms, or files straight to the object storage, over keep-alive connections, so
// many at a time.
import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { Agent, get, request } from 'node:http'
import { once } from 'node:events'
import { basename } from 'node:path'

const BOUNDARY = 'tintype-bench-6f1f0c2b'

// A picture is in memory ({ name, bytes }) or a file (a path).
const described = picture => typeof picture === 'string'
  ? { name: basename(picture), length: statSync(picture).size }
  : { name: picture.name, length: picture.bytes.length }
const typeOf = name => (name.endsWith('.jpg') ? 'image/jpeg' : `image/${name.split('.').at(-1)}`)
const piecesOf = picture => (typeof picture === 'string' ? createReadStream(picture, { highWaterMark: 256 << 10 }) : [picture.bytes])

async function hashOf(picture) {
  const hash = createHash('sha256')
  for await (const piece of piecesOf(picture)) hash.update(piece)
  return hash.digest('hex')
}

// The bytes and the headers of what stands at an address.
export const fetched = url => new Promise((done, fail) => {
  get(url, response => {
    const pieces = []
    response.on('data', piece => pieces.push(piece)).on('end', () => {
      if (response.statusCode !== 200) fail(new Error(`${url} was answered with ${response.statusCode}`))
      else done({ bytes: Buffer.concat(pieces), headers: response.headers })
    })
  }).on('error', fail)
})

export class Client {
  constructor(address, connections) {
    this.address = new URL(address)
    this.agent = new Agent({ keepAlive: true, maxSockets: connections })
    this.connections = connections
    this.headers = {}
  }

  // Sends one picture as a form and answers the JSON of the reply.
  async upload(path, picture) {
    const { name, length } = described(picture)
    const head = Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${typeOf(name)}\r\n\r\n`)
    const tail = Buffer.from(`\r\n--${BOUNDARY}--\r\n`)
    const headers = {
      'Content-Type': `multipart/form-data; boundary=${BOUNDARY}`,
      'Content-Length': head.length + length + tail.length,
    }
    const send = async sending => {
      sending.write(head)
      await sendPieces(sending, picture)
      sending.end(tail)
    }
    const { status, text } = await this.exchange('POST', new URL(path, this.address), headers, send)
    if (status !== 201) throw new Error(`${name} was answered with ${status}: ${text}`)
    return JSON.parse(text)
  }

  // Sends one picture to where the server says, as a browser does, and has it published.
  async direct(picture) {
    const begun = await this.begin(picture)
    await this.put(begun, picture)
    return this.complete(begun)
  }

  // Asks for an address for one picture. It has to be the object storage's, or nothing would go straight there.
  async begin(picture) {
    const { name, length } = described(picture)
    const begun = await this.post('/uploads/init', {
      filename: name, contentType: typeOf(name), size: length, sha256: await hashOf(picture),
    })
    if (new URL(begun.uploadURL).origin === this.address.origin) throw new Error('the server would have the file sent to itself')
    return begun
  }

  async put(begun, picture) {
    const { name, length } = described(picture)
    const send = async sending => {
      await sendPieces(sending, picture)
      sending.end()
    }
    const headers = { ...begun.headers, 'Content-Length': length }
    const { status, text } = await this.exchange(begun.method, new URL(begun.uploadURL), headers, send)
    if (status !== 200) throw new Error(`${name} was answered by the object storage with ${status}: ${text}`)
  }

  complete(begun) {
    return this.post('/uploads/complete', { uploadId: begun.uploadId })
  }

  async post(path, json) {
    const body = Buffer.from(JSON.stringify(json))
    const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length }
    const { status, text } = await this.exchange('POST', new URL(path, this.address), headers, sending => sending.end(body))
    if (status !== 200) throw new Error(`${path} was answered with ${status}: ${text}`)
    return JSON.parse(text)
  }

  // One request and the whole of its answer.
  async exchange(method, url, headers, send) {
    const own = url.origin === this.address.origin ? this.headers : {}
    const sending = request(url, { method, agent: this.agent, headers: { ...own, ...headers } })
    const answered = once(sending, 'response')
    answered.catch(() => {})
    await send(sending)
    const [response] = await answered
    let text = ''
    for await (const piece of response.setEncoding('utf8')) text += piece
    // As a browser does, so that all uploads belong to one owner.
    const cookie = response.headers['set-cookie']?.[0]
    if (cookie) this.headers.Cookie = cookie.split(';')[0]
    return { status: response.statusCode, text }
  }

  // Sends all as forms, as many at a time as there are connections; the replies in the order of the pictures.
  uploadAll(path, pictures) {
    return this.each(pictures, picture => this.upload(path, picture))
  }

  // The same, straight to the object storage.
  directAll(pictures) {
    return this.each(pictures, picture => this.direct(picture))
  }

  async each(pictures, send) {
    const replies = []
    let next = 0
    const sender = async () => {
      while (next < pictures.length) {
        const index = next
        next += 1
        replies[index] = await send(pictures[index])
      }
    }
    await Promise.all(Array.from({ length: this.connections }, sender))
    return replies
  }

  close() {
    this.agent.destroy()
  }
}

async function sendPieces(sending, picture) {
  for await (const piece of piecesOf(picture)) {
    if (!sending.write(piece) && typeof picture === 'string') await once(sending, 'drain')
  }
}
